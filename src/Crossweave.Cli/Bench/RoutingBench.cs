using Crossweave.Algorithms;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Statistics;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Cli.Bench;

/// <summary>
/// How fast routing is read. Question: does <c>inspect</c> look at 100 million (token, expert) choices per second or more, everything
/// included (loads, pairs, distinct ranks for EP 4, 8, 16, 32, drift)? And how fast do tokens become traffic matrices?
/// </summary>
public static class RoutingBench
{
    public static IEnumerable<BenchRow> Run()
    {
        var parameters = new SyntheticParameters { Experts = 64, TopK = 6, Layers = 26, Tokens = 100_000 };
        using var trace = SyntheticRouting.Generate(parameters, new Prng(1));
        var choices = (double)trace.TokenCount * trace.LayerCount * trace.TopK;
        TraceSummary? summary = null;
        var (_, inspect) = BenchClock.Measure(() => summary = TraceStatistics.Compute(trace, [4, 8, 16, 32]), 2, 7);
        long plainHash = 0;
        var (_, plain) = BenchClock.Measure(() => plainHash = PlainInspect(trace), 1, 3);
        yield return new BenchRow("inspect 100k tokens x 26 layers x 6", "choices/s", choices / inspect, choices / plain, "plain loops, one thread", Hash(summary!.Load));
        if (plainHash != summary.Load.Layer(0)[0]) throw new InvalidOperationException("the plain count differs");

        var placement = TraceStatistics.Contiguous(64, 16, 26).Layers[0];
        var sources = new SequenceSourceRanks().Assign(trace, 0, trace.TokenCount, 16);
        var options = new TrafficOptions(SendMode.PerRank, true, new Bytes(4096), new Bytes(4096), 2);
        TrafficSummary? traffic = null;
        var (_, build) = BenchClock.Measure(() => TrafficBuilder.Build(trace, 0, 0, sources, placement, options, out traffic), 5, 15);
        var perLayer = (double)trace.TokenCount * trace.TopK;
        yield return new BenchRow("traffic matrices, one layer, 16 ranks", "choices/s", perLayer / build, null, "", (ulong)traffic!.RankCopies);
    }

    /// <summary>What a straightforward program would do: dictionaries of nothing, arrays of everything, one token at a time.</summary>
    private static long PlainInspect(RoutingTrace trace)
    {
        var (layers, k, e) = (trace.LayerCount, trace.TopK, trace.ExpertCount);
        var loads = new long[layers, e];
        var pairs = new long[layers, e, e];
        var distinct = new long[layers, 4];
        int[] sizes = [4, 8, 16, 32];
        var token = new ushort[layers * k];
        for (var t = 0; t < trace.TokenCount; t++)
        {
            trace.ReadExperts(t, 1, token);
            for (var l = 0; l < layers; l++)
            {
                for (var i = 0; i < k; i++)
                {
                    loads[l, token[(l * k) + i]]++;
                    for (var j = 0; j < k; j++)
                        if (i != j)
                            pairs[l, token[(l * k) + i], token[(l * k) + j]]++;
                }

                for (var s = 0; s < sizes.Length; s++)
                {
                    var ranks = new HashSet<int>();
                    for (var i = 0; i < k; i++) ranks.Add(token[(l * k) + i] * sizes[s] / e);
                    distinct[l, s] += ranks.Count;
                }
            }
        }

        return loads[0, 0];
    }

    private static ulong Hash(ExpertLoad load)
    {
        var hash = 0xCBF29CE484222325UL;
        for (var l = 0; l < load.LayerCount; l++)
            foreach (var tokens in load.Layer(l))
                hash = (hash ^ (ulong)tokens) * 0x100000001B3UL;
        return hash;
    }
}
