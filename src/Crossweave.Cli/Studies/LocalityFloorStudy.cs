using Crossweave.Algorithms;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Locality;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>
/// Distinct ranks per token under a load cap against Occult's round-robin greedy at whatever load it comes to, over many random splits of the sequences; and
/// on the first split the fewest that any placement under the cap can have.
/// </summary>
internal sealed class LocalityFloorStudy : IStudy
{
    public string Key => "localityFloor";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("traces", "recipe", "model", "ranks", "cap", "splits", "prove");
        var model = ModelPresets.Load(entry["model"].Text());
        using var trace = LocalityStudy.Routing(entry, context, model, new Prng(1), out var title);
        var (cap, splits) = (entry["cap"].Double(), entry["splits"].Int32(1));
        var prove = entry["prove"].Int32List();
        var table = new Table(
            "",
            [
                new("EP", true), new("occult-rr, planned on"), new("held out"), new("busiest / mean"), new($"locality, load ≤ {ReportText.Fixed(cap)}, planned on"), new("held out"), new("busiest / mean"),
                new("planned on"), new("held out"), new("splits not above"), new("fewest possible"), new("to occult-rr"), new("proven layers"),
            ]);
        foreach (var ranks in entry["ranks"].Int32List())
        {
            var (greedy, ours, notAbove) = (new double[3], new double[3], 0);
            CopyBound[]? bounds = null;
            var firstGreedy = 0.0;
            for (var split = 0; split < splits; split++)
            {
                context.Progress.Report($"{title}, EP {ranks}, splits", split, splits);
                var (planning, heldOut) = TraceSplit.BySequence(trace, 0.5, new Prng((ulong)split));
                var problem = new PlacementProblem(LoadCounter.Count(planning), model.ExpertCount, ranks) { Routing = planning, MaxLoad = cap, Prove = split == 0 && prove.Contains(ranks) };
                var roundRobin = Judge(OccultPlanner.RoundRobin.Plan(problem, new Prng(0)), greedy);
                var (placement, known) = LocalityPlanner.PlanWithBounds(problem, new Prng(0));
                if (Judge(placement, ours).HeldOut <= roundRobin.HeldOut) notAbove++;
                if (split == 0) (bounds, firstGreedy) = (known.All(b => b.Bound > 0) ? known : null, roundRobin.Planned);

                (double Planned, double HeldOut) Judge(ExpertPlacement plan, double[] sums)
                {
                    var options = new TrafficOptions(SendMode.PerRank, SumBeforeCombine: true, new(1), new(1), 1, new LocalityFirstReplicas());
                    var on = HeldOutLayer.Judge(planning, plan, options, new SequenceSourceRanks()).Average(l => l.DistinctRanks);
                    var held = HeldOutLayer.Judge(heldOut, plan, options, new SequenceSourceRanks());
                    sums[0] += on / splits;
                    sums[1] += held.Average(l => l.DistinctRanks) / splits;
                    sums[2] += held.Average(l => l.MaxOverMeanRank) / splits;
                    return (on, held.Average(l => l.DistinctRanks));
                }
            }

            var fewest = bounds?.Average(b => (double)b.Bound / b.Tokens);
            table.Add(
                $"{ranks}", Distinct(greedy[0]), Distinct(greedy[1]), ReportText.Fixed(greedy[2], 3), Distinct(ours[0]), Distinct(ours[1]), ReportText.Fixed(ours[2], 3),
                Change(ours[0], greedy[0]), Change(ours[1], greedy[1]), $"{notAbove} of {splits}",
                fewest is { } f ? Distinct(f) : "–", fewest is { } p ? Change(p, firstGreedy) : "–", bounds is null ? "–" : $"{bounds.Count(b => b.IsProven)} of {bounds.Length}");
        }

        return $"\n## {model.Name}: {title}\n\n{trace.TokenCount} tokens, {trace.LayerCount} layers, {model.ExpertCount} experts, top-{model.TopK}; means over layers and {splits} splits.\n\n{MarkdownTable.Write(table)}";
    }

    private static string Distinct(double ranks) => ReportText.Fixed(ranks, 4);

    private static string Change(double ours, double other) => (ours > other ? "+" : "") + ReportText.Percent((ours / other) - 1);
}
