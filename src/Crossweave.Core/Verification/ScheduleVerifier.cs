using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Verification;

/// <summary>
/// Checks a timed schedule of one exchange or of a whole layer from scratch, as scheduling spec section 8 lists for a certificate: every
/// off-diagonal entry of the matrix is carried exactly, and returned exactly; one circuit per port and plane at any instant over both
/// phases, with the delay between different circuits (for the whole plane, or port by port with partial reconfiguration); no port exceeds
/// its bandwidth, on rings no link (<see cref="RingRules"/>), and relays on two tiers come in order through their NICs
/// (<see cref="TierRules"/>); every row is in exactly one launch, launches follow their data, one at a time per rank and none faster than the profile;
/// nothing is returned before it is computed; the makespan is the last end; every claimed bound is no more than its definition gives;
/// the gap is what it says. Uses no code of schedulers, simulators, timing or bounds; only the compute profile is the product's.
/// O(transfers log + ranks^2 log); on packet fabrics O(b^2) for b transfers of one port that overlap in one chain; a bound that rests on
/// the cheapest split of N rows costs O(N^2).
/// </summary>
public static class ScheduleVerifier
{
    /// <param name="document">What is claimed.</param>
    /// <param name="matrix">The dispatch traffic; the combine must carry its transpose, or that of the rows where every row is returned.</param>
    /// <param name="rows">Rows to compute for every pair, where they are not the tokens sent; the diagonal is local.</param>
    public static Certificate Verify(ScheduleDocument document, TrafficMatrix matrix, TrafficMatrix? rows = null)
    {
        var demand = new LayerDemand(matrix, rows ?? matrix, (document.Layer is { ReturnsRows: true } ? rows ?? matrix : matrix).Transpose());
        var findings = new FindingList();
        var subject = $"{(document.Layer is null ? "schedule" : "layer")} by {document.Scheduler}{(document.Layer is { } l ? $" under {l.Mode}" : "")} on {document.FabricKind}";
        Shape(document, demand, findings);
        Fabric(document, findings);
        if (!findings.ToCertificate(subject, []).IsValid) return findings.ToCertificate(subject, ["nothing more could be checked: the problem itself is not stated correctly"]);
        var whole = DemandRules.Check(document.Steps, matrix, "", findings);
        var flows = new List<Flow>(NetworkRules.Steps(document, document.Steps, isCombine: false, findings));
        if (document.Layer is { } layer)
        {
            DemandRules.Check(layer.CombineSteps, demand.Returned, "combine ", findings);
            flows.AddRange(NetworkRules.Steps(document, layer.CombineSteps, isCombine: true, findings));
        }

        NetworkRules.Ports(document, flows, findings);
        if (Rates.IsRing(document)) RingRules.Check(document, findings);
        if (Rates.HasTiers(document)) TierRules.Check(document, findings);
        var facts = new ClaimFacts(document, demand, flows, whole, LayerDocumentRules.Profile(document, findings));
        if (document.Layer is not null) LayerDocumentRules.Check(document, facts, findings);
        Times(document, flows, findings);
        BoundRules.Check(facts, findings);
        return findings.ToCertificate(subject, Summary(document, demand, flows));
    }

    private static void Shape(ScheduleDocument document, LayerDemand demand, FindingList findings)
    {
        var n = demand.Sent.RankCount;
        findings.Check(demand.Rows.RankCount == n, "shape", "ranks of the rows", n, demand.Rows.RankCount);
        if (document.Layer is { } layer) findings.Check((layer.RowCount ?? demand.Sent.Total()) == demand.Rows.Total(), "rows", "rows", $"{demand.Rows.Total()} as in the matrix of rows", layer.RowCount ?? demand.Sent.Total());
        findings.Check(document.RankCount == n, "shape", "ranks", n, document.RankCount);
        findings.Check(document.BandwidthOfRank.Count == document.RankCount && document.BandwidthOfRank.All(b => b > 0), "shape", "fabric.bandwidth", $"{document.RankCount} positive rates", $"{document.BandwidthOfRank.Count}");
        findings.Check(document.TokenBytes > 0, "shape", "tokenBytes", "at least 1", document.TokenBytes);
        findings.Check(document.PlaneCount is >= 1 and <= FabricKinds.MaxPlanes, "shape", "fabric.switches", $"1 to {FabricKinds.MaxPlanes}", document.PlaneCount);
        foreach (var (key, steps) in new[] { ("steps", document.Steps), ("combineSteps", document.Layer?.CombineSteps ?? []) })
        {
            for (var m = 0; m < steps.Count; m++)
            {
                findings.Check(steps[m].Plane >= 0 && steps[m].Plane < document.PlaneCount, "plane", $"{key}[{m}]", $"0 to {document.PlaneCount - 1}", steps[m].Plane);
                findings.Check(steps[m].Times is null || steps[m].Times!.Count == steps[m].Transfers.Count, "shape", $"{key}[{m}]", "times for every transfer or for none", "some");
                findings.Check(!document.ReconfiguresPartially || steps[m].Times is not null || steps[m].Transfers.Count == 0, "shape", $"{key}[{m}]", "startPs and endPs on every transfer, because ports reconfigure one by one", "none");
            }
        }
    }

    // The delay decides which rules hold, so it must be there exactly when the named fabric has circuits.
    private static void Fabric(ScheduleDocument document, FindingList findings)
    {
        var known = FabricKinds.All.Any(f => f.Name == document.FabricKind);
        findings.Check(known, "fabric", "fabric.kind", $"one of {string.Join(", ", FabricKinds.All.Select(f => f.Name))}", document.FabricKind);
        if (!known) return;
        var circuits = document.FabricKind == new CircuitSwitch().Name;
        findings.Check(
            circuits == document.ReconfigurationPs is not null, "fabric", "fabric.reconfigurationPs",
            circuits ? $"a delay on a {document.FabricKind}" : $"null on a {document.FabricKind}", document.ReconfigurationPs is { } ps ? $"{ps}" : "null");
        Ring(document, findings);
        Tiers(document, findings);
        findings.Check(circuits || document.PlaneCount == 1, "fabric", "fabric.switches", $"1 on a {document.FabricKind}", document.PlaneCount);
        findings.Check(circuits || !document.ReconfiguresPartially, "fabric", "fabric.reconfiguration", $"none on a {document.FabricKind}", "partial");
    }

    private static void Ring(ScheduleDocument document, FindingList findings)
    {
        var count = document.FabricKind == "ring" ? 2 * document.RankCount : document.FabricKind == "ring-one-way" ? document.RankCount : 0;
        var right = (document.RateOfLink?.Count ?? 0) == count && (document.RateOfLink?.All(rate => rate > 0) ?? true);
        findings.Check(right, "fabric", "fabric.links", count == 0 ? $"none on a {document.FabricKind}" : $"{count} positive rates", document.RateOfLink?.Count ?? 0);
        for (var r = 0; right && count > 0 && r < document.RankCount && r < document.BandwidthOfRank.Count; r++)
            findings.Check(document.BandwidthOfRank[r] == Rates.Send(document, r), "fabric", "fabric.bandwidth", $"{Rates.Send(document, r)} for rank {r}, the sum of the links that leave it", document.BandwidthOfRank[r]);
    }

    private static void Tiers(ScheduleDocument document, FindingList findings)
    {
        var nodes = document.NodeCount;
        if (!Rates.HasTiers(document))
        {
            findings.Check(nodes == 0 && document.ScaleUpOfRank is null, "fabric", "fabric.nodes", $"no nodes and no scaleUpBandwidth on a {document.FabricKind}", nodes);
            findings.Check(document.Steps.Concat(document.Layer?.CombineSteps ?? []).All(s => s.Transfers.All(t => t.Via < 0)), "relay", "via", $"none on a {document.FabricKind}", "some");
            return;
        }

        findings.Check(nodes > 0 && document.RankCount % nodes == 0, "fabric", "fabric.nodes", $"a divisor of the {document.RankCount} ranks", nodes);
        findings.Check(document.ScaleUpOfRank?.Count == document.RankCount && document.ScaleUpOfRank.All(r => r > 0), "fabric", "fabric.scaleUpBandwidth", $"{document.RankCount} positive rates", document.ScaleUpOfRank?.Count ?? 0);
    }

    private static void Times(ScheduleDocument document, List<Flow> flows, FindingList findings)
    {
        var steps = document.Steps.Concat(document.Layer?.CombineSteps ?? []).Select(s => s.EndPs).Concat(flows.Select(f => f.EndPs)).DefaultIfEmpty(0).Max();
        var end = Math.Max(steps, (document.Layer?.Launches ?? []).Select(l => l.EndPs).DefaultIfEmpty(0).Max());
        findings.Check(document.CommunicationPs == steps, "communication time", "communicationPs", $"{steps} (last end of a step)", document.CommunicationPs);
        findings.Check(document.MakespanPs == end, "makespan", "makespanPs", $"{end} (last end)", document.MakespanPs);
    }

    private static string[] Summary(ScheduleDocument document, LayerDemand demand, List<Flow> flows)
    {
        var steps = document.Steps.Count + (document.Layer?.CombineSteps.Count ?? 0);
        string network = Rates.HasTiers(document) ? $"{steps} steps, one at a time on the NICs, none above its bandwidth, relays in order, scale-up ports feasible"
            : Rates.IsRing(document) ? $"{steps} steps in order, no link of the ring above its bandwidth"
            : document.ReconfigurationPs is not { } delay ? $"{steps} steps in order, no port above its bandwidth"
            : document.ReconfiguresPartially ? $"{steps} steps, each one-to-one; one circuit per port{Planes(document)}, {delay} ps between different circuits of a port"
            : $"{steps} steps, each one-to-one, in order; one circuit per port{Planes(document)}, {delay} ps between different configurations";
        var carried = $"{demand.Sent.RemoteTotal()} tokens between different ranks carried exactly{(document.Layer is null ? "" : demand.Returned.RemoteTotal() is var returned && returned == demand.Sent.RemoteTotal() ? " and returned exactly" : $", {returned} returned exactly")}, in {flows.Count} transfers";
        var end = $"makespan {document.MakespanPs} ps is the last end; no claimed bound exceeds it; gap {JsonOutput.Number(document.Gap)}";
        return document.Layer is not { } layer
            ? [carried, network, end]
            : [carried, network, $"{layer.Launches.Count} launches compute {demand.Rows.Total()} rows, each once, after its arrival and before its return, one launch at a time per rank", $"{end}; {JsonOutput.Number(layer.MakespanOverIdeal)} of the ideal"];
    }

    private static string Planes(ScheduleDocument document) => document.PlaneCount == 1 ? "" : $" on each of {document.PlaneCount} switches";
}

/// <summary>What a document must carry and compute.</summary>
/// <param name="Sent">Tokens of the dispatch.</param>
/// <param name="Rows">Rows to compute, [home, worker].</param>
/// <param name="Returned">Tokens of the combine, [worker, home].</param>
internal sealed record LayerDemand(TrafficMatrix Sent, TrafficMatrix Rows, TrafficMatrix Returned);
