namespace Crossweave.Core.Verification;

/// <summary>The most that the bounds of a whole layer can claim, from their definitions in scheduling spec 7.5 to 7.7.</summary>
internal static class LayerBoundRules
{
    public static Int128 Most(ClaimFacts facts, string name) => name switch
    {
        "compute" => Busiest(facts),
        "shared-ports" => SharedPorts(facts),
        "network" => Network(facts),
        "sequential" => facts.Dispatch.LeastPs(Delay(facts)) + facts.Combine.LeastPs(Delay(facts)) + facts.RowsOfRank.Max(facts.Profile!.LaunchPs),
        "combine-tail-send" => Over(facts, j => SendTail(facts, j)),
        "combine-tail-receive" => Over(facts, j => ReceiveTail(facts, j)),
        _ => Over(facts, j => Path(facts, j)),
    };

    private static long Delay(ClaimFacts facts) => facts.Document.ReconfigurationPs ?? 0;

    private static Int128 Over(ClaimFacts facts, Func<int, Int128> ofRank) =>
        Enumerable.Range(0, facts.RankCount).Select(ofRank).Aggregate((Int128)0, Int128.Max);

    // One launch per rank costs exactly that launch; otherwise the rows may be split in the cheapest way.
    private static Int128 Launches(ClaimFacts facts, int j) => facts.HasOneLaunchPerRank ? facts.Profile!.LaunchPs(facts.RowsOfRank[j]) : facts.CheapestSplitPs(facts.RowsOfRank[j]);

    private static Int128 Busiest(ClaimFacts facts) => Over(facts, j => Launches(facts, j));

    private static Int128 SharedPorts(ClaimFacts facts)
    {
        var (there, back) = (PortUse.Bytes(facts.Document, facts.Matrix, isCombine: false), PortUse.Bytes(facts.Document, facts.Returned, isCombine: true));
        return new PortUse(facts.Document, [.. there.Zip(back, (a, b) => a + b)]).Longest(Delay(facts));
    }

    // Strictly separate phases: the dispatch, or the first row that can be returned if that is later, then the combine.
    private static Int128 Network(ClaimFacts facts)
    {
        Int128? first = null;
        for (var j = 0; j < facts.RankCount; j++)
            if (Received(facts, j).Any())
                first = first is { } f ? Int128.Min(f, FirstFinish(facts, j)) : FirstFinish(facts, j);
        return Int128.Max(facts.Dispatch.LeastPs(Delay(facts)), first ?? 0) + facts.Combine.LeastPs(Delay(facts));
    }

    // All chains of 7.7, both combine tails included: a document may claim the longest of them under one name.
    private static Int128 Path(ClaimFacts facts, int j)
    {
        if (facts.RowsOfRank[j] == 0) return ReceiveTail(facts, j);
        var local = facts.Rows[j, j] > 0;
        var remote = Received(facts, j).Any();
        var oneReturn = remote ? Received(facts, j).Select(s => NetworkRules.PairPs(facts.Document, j, s, 1, isCombine: true)).Aggregate(Int128.Min) : 0;
        var launches = (local ? 0 : FirstArrival(facts, j)) + Launches(facts, j) + oneReturn;
        if (!remote) return Int128.Max(launches, ReceiveTail(facts, j));
        var small = facts.HasOneLaunchPerRank ? facts.Profile!.LaunchPs(facts.RowsOfRank[j]) : facts.SmallestLaunchPs(facts.RowsOfRank[j]);
        var last = LastArrival(facts, j) + small + oneReturn;
        return Int128.Max(Int128.Max(launches, last), Int128.Max(SendTail(facts, j), ReceiveTail(facts, j)));
    }

    // After the first launch of remote rows at j has ended, its send port carries col_j back.
    private static Int128 SendTail(ClaimFacts facts, int j)
    {
        if (!Received(facts, j).Any()) return 0;
        return After(facts, FirstFinish(facts, j)) + facts.Combine.OnPlanes(facts.Combine.Send[j], Changes(facts, facts.Combine.SendPeers[j]));
    }

    // After the first launch anywhere that holds a row of j has ended, its receive port takes row_j back.
    private static Int128 ReceiveTail(ClaimFacts facts, int j)
    {
        var workers = Enumerable.Range(0, facts.RankCount).Where(i => i != j && facts.Rows[j, i] > 0).ToArray();
        if (workers.Length == 0) return 0;
        var first = workers.Select(i => facts.HasOneLaunchPerRank
            ? FirstFinish(facts, i)
            : Delay(facts) + NetworkRules.PairPs(facts.Document, j, i, 1, isCombine: false) + facts.SmallestLaunchPs(facts.RowsOfRank[i])).Aggregate(Int128.Min);
        return After(facts, first) + facts.Combine.OnPlanes(facts.Combine.Receive[j], Changes(facts, facts.Combine.ReceivePeers[j]));
    }

    private static Int128 After(ClaimFacts facts, Int128 first) => facts.IsSeparate ? Int128.Max(first, facts.Dispatch.LeastPs(Delay(facts))) : first;

    // Where the phases interleave, one circuit per plane may be up from the dispatch.
    private static int Changes(ClaimFacts facts, int peers) => facts.IsSeparate ? peers : Math.Max(0, peers - facts.Document.PlaneCount);

    private static IEnumerable<int> Received(ClaimFacts facts, int j) => Enumerable.Range(0, facts.RankCount).Where(s => s != j && facts.Rows[s, j] > 0);

    private static Int128 FirstArrival(ClaimFacts facts, int j) =>
        Received(facts, j).Any() ? Delay(facts) + Received(facts, j).Select(s => NetworkRules.PairPs(facts.Document, s, j, 1, isCombine: false)).Aggregate(Int128.Min) : 0;

    private static Int128 LastArrival(ClaimFacts facts, int j) => facts.Dispatch.OnPlanes(facts.Dispatch.Receive[j], facts.Dispatch.ReceivePeers[j]);

    private static Int128 FirstFinish(ClaimFacts facts, int j) => facts.HasOneLaunchPerRank
        ? LastArrival(facts, j) + facts.Profile!.LaunchPs(facts.RowsOfRank[j])
        : FirstArrival(facts, j) + facts.SmallestLaunchPs(facts.RowsOfRank[j]);
}
