using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// LESS-style baseline of Spectra (scheduling spec 3.11, arXiv 2603.07373; LESS itself is known only from there): the non-zeros are
/// divided over the planes so that every line has about the same number on each, and each plane decomposes its own part.
/// </summary>
/// <remarks>
/// Division: the permutations of Spectra's Decompose meet each non-zero first in exactly one of them; permutation p goes to plane p mod s.
/// Each part is decomposed by Spectra as printed. No plane helps another, which is the weakness: the planes end at different times. With
/// one plane it is Spectra. Cost and ties as <see cref="SpectraScheduler"/>, twice. A style, not a reproduction.
/// </remarks>
public sealed class LessScheduler : IScheduler
{
    public string Name => "less";

    public string Summary => "LESS-style: the non-zeros divided over parallel switches, each decomposed alone";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var work = new ExchangeWork(problem);
        var planes = problem.Fabric.PlaneCount;
        var (permutations, weights) = SpectraDecomposition.Decompose(work.Units, work.Size, masked: false);
        if (planes == 1) return new Schedule(Name, work.Cover(permutations, weights));
        var parts = Divide(work, permutations, planes);
        var (all, allWeights, planeOf) = (new List<int[]>(), new List<long>(), new List<int>());
        for (var plane = 0; plane < planes; plane++)
        {
            (permutations, weights) = SpectraDecomposition.Decompose(parts[plane], work.Size, masked: false);
            all.AddRange(permutations);
            allWeights.AddRange(weights);
            planeOf.AddRange(Enumerable.Repeat(plane, permutations.Count));
        }

        return new Schedule(Name, Steps(work, parts, all, allWeights, planeOf));
    }

    // A non-zero belongs to the first permutation that contains it.
    private static long[][] Divide(ExchangeWork work, List<int[]> permutations, int planes)
    {
        var parts = new long[planes][];
        for (var plane = 0; plane < planes; plane++) parts[plane] = new long[work.Units.Length];
        var left = work.Units.ToArray();
        for (var p = 0; p < permutations.Count; p++)
            for (var i = 0; i < work.Size; i++)
            {
                var cell = (i * work.Size) + permutations[p][i];
                parts[p % planes][cell] += left[cell];
                left[cell] = 0;
            }

        return parts;
    }

    private static List<Step> Steps(ExchangeWork work, long[][] parts, List<int[]> permutations, List<long> weights, List<int> planeOf)
    {
        var steps = new List<Step>(permutations.Count);
        var tokens = new long[work.Size];
        for (var p = 0; p < permutations.Count; p++)
        {
            var left = parts[planeOf[p]];
            for (var i = 0; i < work.Size; i++)
            {
                var cell = (i * work.Size) + permutations[p][i];
                tokens[i] = Math.Min(left[cell], (weights[p] + work.Cost[cell] - 1) / work.Cost[cell] * work.Cost[cell]);
                left[cell] -= tokens[i];
                tokens[i] /= work.Cost[cell];
            }

            if (tokens.AsSpan().ContainsAnyExcept(0L)) steps.Add(Matchings.StepOf(permutations[p], tokens, plane: planeOf[p]));
        }

        return steps;
    }
}
