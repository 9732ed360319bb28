using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Spectra for s parallel circuit switches (arXiv 2603.07373; scheduling spec 3.8): as many permutations as the fullest line has peers,
/// spread over the planes by LPT and Equalize.
/// </summary>
/// <param name="masked">
/// False: as printed. True: pairs that are covered already count nothing when a permutation is chosen (ours), which repairs sparse matrices
/// whose lines differ.
/// </param>
/// <remarks>
/// Weights are in the time of each pair, so unequal ports are weighted. Cost O(degree x n^3). Ties: see <see cref="SpectraDecomposition"/>.
/// Permutations that carry nothing in the end are not executed. Good for equal line sums and any delay; bad when entries of one line differ
/// much (each permutation lasts as long as its largest entry), and as printed on sparse matrices (up to 2.7 times the port bound).
/// </remarks>
public sealed class SpectraScheduler(bool masked) : IScheduler
{
    public string Name => masked ? "spectra-masked" : "spectra";

    public string Summary => masked
        ? "Spectra with covered pairs masked out"
        : "Spectra: as many permutations as the fullest line has peers, spread over parallel switches";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var work = new ExchangeWork(problem);
        var (permutations, weights) = SpectraDecomposition.Decompose(work.Units, work.Size, masked);
        return new Schedule(Name, PlaneSpread.Over(work.Cover(permutations, weights), problem, mayCut: true));
    }
}
