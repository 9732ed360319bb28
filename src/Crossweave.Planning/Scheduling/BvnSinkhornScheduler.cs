using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Algorithms.Matching;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Birkhoff-von Neumann after Sinkhorn normalisation, the baseline of arXiv 2605.26845 (scheduling spec 3.3): scale the matrix,
/// diagonal included, to equal line sums S; decompose S; the matching with coefficient lambda carries D x lambda / S on each pair.
/// </summary>
/// <remarks>
/// <para>At most n^2 - 2n + 2 matchings. S is kept in fixed point (2^-20 token or coarser) and its rounding errors are stuffed, so the
/// decomposition is exact; the integers per pair follow largest remainders and add up to D. Local tokens are not sent, but as in the
/// paper a matching lasts as long as its longest pair, the local ones included (<see cref="Step.Held"/>); a matching of local pairs
/// alone is dropped.</para>
/// <para>When the matrix lacks total support (Sinkhorn does not converge) the off-diagonal matrix is stuffed instead (QuickStuff,
/// spec 3.4) and each matching carries min(coefficient, what is left). Matching rule and ties:
/// <see cref="MatchingRule.HeavyFirst"/>. Tokens, not times: on unequal ports it stays valid but is not weighted.</para>
/// <para>Bad when every fragment pays a delay or a launch; the diagonal inflates the communication.</para>
/// </remarks>
public sealed class BvnSinkhornScheduler : IScheduler
{
    private const double UnitsPerToken = 1 << 20;

    public string Name => "bvn-sinkhorn";

    public string Summary => "Birkhoff-von Neumann after Sinkhorn normalisation, diagonal included";

    public bool KeepsEntriesWhole => false;

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var demand = problem.Demand;
        if (demand.RemoteTotal() == 0) return new Schedule(Name, []);
        return new Schedule(Name, PlaneSpread.Over(Steps(demand.Cells, demand.RankCount, MatchingRule.HeavyFirst), problem, mayCut: true));
    }

    /// <summary>The steps under a matching rule.</summary>
    internal static List<Step> Steps(ReadOnlySpan<long> demand, int n, MatchingRule rule)
    {
        var scaled = new double[n * n];
        if (!TotalSupport.Holds(demand, n) || !Sinkhorn.Scale(demand, n, scaled)) return StuffedSteps(demand, n, rule);
        var units = Sinkhorn.ToUnits(demand, n, scaled, UnitsPerToken);
        var (matchings, coefficients) = Decompose(units, n, rule);
        var tokens = Share(demand, n, matchings, coefficients);
        var steps = new List<Step>(matchings.Count);
        for (var m = 0; m < matchings.Count; m++)
        {
            var held = TakeLocal(matchings[m], tokens[m]);
            if (tokens[m].AsSpan().ContainsAnyExcept(0L)) steps.Add(Matchings.StepOf(matchings[m], tokens[m], held));
        }

        return steps;
    }

    // The longest local share of a matching (lowest rank on ties); local shares are taken out of the tokens to send.
    private static Transfer? TakeLocal(int[] matching, long[] tokens)
    {
        Transfer? longest = null;
        for (var i = 0; i < matching.Length; i++)
        {
            if (matching[i] != i) continue;
            if (tokens[i] > (longest?.Tokens ?? 0)) longest = new Transfer(i, i, tokens[i]);
            tokens[i] = 0;
        }

        return longest;
    }

    /// <summary>Permutations and their integer coefficients.</summary>
    internal static (List<int[]> Matchings, List<long> Coefficients) Decompose(ReadOnlySpan<long> units, int n, MatchingRule rule)
    {
        var decomposition = new BirkhoffDecomposition(n);
        decomposition.Start(units, rule);
        var matchings = new List<int[]>();
        var coefficients = new List<long>();
        var columnOfRow = new int[n];
        while (decomposition.Next(columnOfRow) is > 0 and var coefficient)
        {
            matchings.Add([.. columnOfRow]);
            coefficients.Add(coefficient);
        }

        return (matchings, coefficients);
    }

    // Tokens of every source per matching: each pair's demand in proportion to the coefficients of the matchings that contain it.
    private static long[][] Share(ReadOnlySpan<long> demand, int n, List<int[]> matchings, List<long> coefficients)
    {
        var tokens = new long[matchings.Count][];
        for (var m = 0; m < tokens.Length; m++) tokens[m] = new long[n];
        var order = new int[matchings.Count]; // matchings of one row grouped by column, ascending inside a group
        var first = new int[n + 1];
        var weights = new long[matchings.Count];
        var parts = new long[matchings.Count];
        for (var i = 0; i < n; i++)
        {
            Array.Clear(first);
            foreach (var matching in matchings) first[matching[i] + 1]++;
            for (var j = 0; j < n; j++) first[j + 1] += first[j];
            var next = first.AsSpan(0, n).ToArray();
            for (var m = 0; m < order.Length; m++)
            {
                var at = next[matchings[m][i]]++;
                order[at] = m;
                weights[at] = coefficients[m];
            }

            for (var j = 0; j < n; j++)
            {
                if (demand[(i * n) + j] == 0) continue;
                var group = first[j]..first[j + 1];
                LargestRemainder.Split(demand[(i * n) + j], weights.AsSpan()[group], parts.AsSpan()[group]);
                for (var k = first[j]; k < first[j + 1]; k++) tokens[order[k]][i] = parts[k];
            }
        }

        return tokens;
    }

    private static List<Step> StuffedSteps(ReadOnlySpan<long> demand, int n, MatchingRule rule)
    {
        var left = demand.ToArray();
        for (var i = 0; i < n; i++) left[(i * n) + i] = 0;
        var stuffed = left.ToArray();
        LineSums.StuffQuick(stuffed, n);
        var (matchings, coefficients) = Decompose(stuffed, n, rule);
        var steps = new List<Step>(matchings.Count);
        var tokens = new long[n];
        for (var m = 0; m < matchings.Count; m++)
        {
            for (var i = 0; i < n; i++)
            {
                ref var rest = ref left[(i * n) + matchings[m][i]];
                tokens[i] = Math.Min(rest, coefficients[m]);
                rest -= tokens[i];
            }

            if (tokens.AsSpan().ContainsAnyExcept(0L)) steps.Add(Matchings.StepOf(matchings[m], tokens));
        }

        return steps;
    }
}
