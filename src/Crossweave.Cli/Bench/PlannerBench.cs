using Crossweave.Algorithms;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Planning;
using Crossweave.Planning.Locality;
using Crossweave.Planning.Placement;

namespace Crossweave.Cli.Bench;

/// <summary>
/// How long does EPLB take for DeepSeek-V3's shape (58 layers x 256 experts, 288 slots, 32 ranks) on one thread, warm, against the
/// plain transcription of its rules, and the other planners on the same loads? Before timing, both give the same slots.
/// </summary>
public static class PlannerBench
{
    private const int Layers = 58;
    private const int Experts = 256;
    private const int Slots = 288;
    private const int Ranks = 32;
    private const int Groups = 8;
    private const ulong Seed = 2026;
    private static readonly double? RefinedLimitMs = 50;
    private const int Tokens = 8192;
    private const double LayerLimitMs = 1000;

    public static IEnumerable<BenchRow> Run()
    {
        var load = LoadFamilies.LogNormal(Layers, Experts, 1.0, new Prng(Seed).Split("planner-bench"));
        yield return Eplb(load, "eplb hierarchical 58x256, 288 slots, 32 ranks, 4 nodes", nodes: 4);
        yield return Eplb(load, "eplb global 58x256, 288 slots, 32 ranks", nodes: 3); // 3 does not divide the 8 groups
        var problem = new PlacementProblem(load, Slots, Ranks, 4, Groups);
        foreach (var planner in Planners.All.Where(p => p.Suits(problem))) yield return Plan(planner, problem, "58x256, 288 slots, 32 ranks", runs: 20, limitMs: null);
        using var trace = Clustered(Experts, 8, new Prng(Seed).Split("tokens"));
        var tokens = new PlacementProblem(LoadCounter.Count(trace), Experts, Ranks) { Routing = trace };
        foreach (var planner in Planners.All.Where(p => p.NeedsRouting)) yield return Plan(planner, tokens, $"one layer of {Experts} experts, {Tokens} tokens, {Ranks} ranks", runs: 3, LayerLimitMs);
        foreach (var (experts, ranks) in new[] { (32, 8), (64, 16) }) yield return Proof(experts, ranks);

        foreach (var (slots, ranks, limitMs) in new[] { (Slots, Ranks, RefinedLimitMs), (320, 64, RefinedLimitMs), (288, 144, (double?)null) })
            foreach (var planner in new[] { new RefinedPlanner(allowDuplicates: true), new RefinedPlanner(allowDuplicates: false) })
                yield return Refined(planner, new PlacementProblem(load, slots, ranks, 3, Groups), limitMs);
    }

    private static BenchRow Plan(IPlacementPlanner planner, PlacementProblem problem, string shape, int runs, double? limitMs)
    {
        ulong hash = 0;
        var (best, _) = BenchClock.Measure(() => hash = Hash(planner.Plan(problem, new Prng(Seed))), warmups: runs, runs: runs);
        return new BenchRow($"planner {planner.Name} {shape}", "ms", best * 1e3, limitMs, limitMs is null ? "" : "limit", hash);
    }

    /// <summary>One layer to the proven optimum of ranks per token, beside the search that proves nothing.</summary>
    private static BenchRow Proof(int experts, int ranks)
    {
        using var trace = Clustered(experts, 4, new Prng(Seed).Split("proof"));
        var problem = new PlacementProblem(LoadCounter.Count(trace), experts, ranks) { Routing = trace, MaxLoad = 1.1 };
        var (search, _) = BenchClock.Measure(() => LocalityPlanner.PlanWithBounds(problem, new Prng(Seed)), warmups: 3, runs: 3);
        var proof = LocalityPlanner.PlanWithBounds(problem with { Prove = true }, new Prng(Seed));
        var (best, _) = BenchClock.Measure(() => proof = LocalityPlanner.PlanWithBounds(problem with { Prove = true }, new Prng(Seed)), warmups: 3, runs: 3);
        var bound = proof.Bounds[0];
        return new BenchRow(
            $"locality with proof, {experts} experts, {Tokens} tokens, {ranks} ranks", "ms", best * 1e3, search * 1e3, "search without proof", Hash(proof.Placement), $"{bound.Copies} copies, at least {bound.Bound}");
    }

    /// <summary>One layer in which a token chooses experts around one of 24 topics.</summary>
    private static InMemoryTrace Clustered(int experts, int topK, Prng prng)
    {
        var choices = new ushort[Tokens * topK];
        var order = Enumerable.Range(0, experts).Select(e => (ushort)e).ToArray();
        var distance = new double[experts];
        for (var t = 0; t < Tokens; t++)
        {
            var topic = prng.NextInt(24);
            for (var e = 0; e < experts; e++) distance[e] = Math.Abs((e * 37 % experts) - (topic * experts / 24)) + (experts * 40.0 / Experts * prng.NextDouble());
            Array.Sort((double[])distance.Clone(), order);
            order.AsSpan(0, topK).CopyTo(choices.AsSpan(t * topK));
            order.AsSpan().Sort();
        }

        return new InMemoryTrace(1, topK, experts, choices);
    }

    private static BenchRow Eplb(ExpertLoad load, string name, int nodes)
    {
        var shape = new EplbShape(Experts, Slots, Ranks, nodes, Groups);
        var hash = Hash(EplbPlanner.PlanLayers(load, shape).ExpertOfSlot);
        var plain = new int[Layers * Slots];
        var (plainBest, _) = BenchClock.Measure(() => PlanPlainly(load, nodes, plain), warmups: 100, runs: 50);
        if (Hash(plain) != hash) throw new InvalidOperationException($"{name}: the fast planner differs from the plain rules");
        var (best, _) = BenchClock.Measure(() => EplbPlanner.PlanLayers(load, shape), warmups: 300, runs: 100);
        return new BenchRow(name, "ms", best * 1e3, plainBest * 1e3, "plain transcription", hash);
    }

    /// <summary>Global, with the proof; the limit is the one stated for all layers on one thread. The note says how good the plan is.</summary>
    private static BenchRow Refined(RefinedPlanner planner, PlacementProblem problem, double? limitMs)
    {
        var (placement, bound) = planner.PlanWithBounds(problem);
        var proven = Enumerable.Range(0, Layers).Count(l => PlacementMetrics.MeanAndMax(placement.Layers[l], problem.Load.Layer(l)).Max < bound[l] + 1);
        var balance = PlacementMetrics.Balancedness(placement, problem.Load).MeanOfRatios;
        var (best, _) = BenchClock.Measure(() => planner.PlanWithBounds(problem), warmups: 20, runs: 30);
        return new BenchRow(
            $"{planner.Name} global 58x256, {problem.SlotCount} slots, {problem.RankCount} ranks", "ms", best * 1e3, limitMs, limitMs is null ? "" : "limit", Hash(placement), $"balance {balance:0.0000}, {proven} of {Layers} layers proven");
    }

    private static void PlanPlainly(ExpertLoad load, int nodes, int[] expertOfSlot)
    {
        for (var layer = 0; layer < Layers; layer++)
            PlainEplb.Plan(load.Layer(layer).ToArray(), Slots, Groups, nodes, Ranks).ExpertOfSlot.CopyTo(expertOfSlot, layer * Slots);
    }

    private static ulong Hash(ExpertPlacement placement)
    {
        var hash = FnvStart;
        foreach (var layer in placement.Layers) hash = Hash(layer.ExpertOfSlot, hash);
        return hash;
    }

    private const ulong FnvStart = 0xCBF29CE484222325UL;

    private static ulong Hash(ReadOnlySpan<int> values, ulong hash = FnvStart)
    {
        foreach (var value in values) hash = (hash ^ (uint)value) * 0x100000001B3UL;
        return hash;
    }
}
