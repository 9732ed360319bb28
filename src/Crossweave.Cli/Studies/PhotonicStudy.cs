using System.Globalization;
using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Bounds;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Layers;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning;
using Crossweave.Planning.Layers;
using Crossweave.Planning.Scheduling;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;
using Crossweave.Simulation;
using Crossweave.Simulation.Layer;

namespace Crossweave.Cli.Studies;

/// <summary>
/// Figures 3 and 4 of arXiv 2605.26845 as a table: whole layers (dispatch, experts, combine) under the published methods, with and
/// without overlap, divided by the congestion-free ideal without overlap; and our plan of the whole layer beside them, with Ideal' (the ideal
/// and the delays of the open-shop matchings, which our plan never exceeds) and the largest lower bound. Sums over the layers.
/// </summary>
internal sealed class PhotonicStudy : IStudy
{
    // Column, scheduler, evaluator. The ring and the ideal have no overlap in the paper.
    private static readonly (string Column, string Scheduler, string Evaluator)[] Published =
    [
        ("ring", "ring", "no-overlap-barrier"),
        ("BvN", "bvn-sinkhorn", "no-overlap-barrier"),
        ("MaxWeight", "greedy-max-weight", "no-overlap-barrier"),
        ("BvN, barrier", "bvn-sinkhorn", "overlap-barrier"),
        ("MaxWeight, barrier", "greedy-max-weight", "overlap-barrier"),
        ("BvN, async", "bvn-sinkhorn", "overlap-async"),
        ("MaxWeight, async", "greedy-max-weight", "overlap-async"),
    ];

    public string Key => "photonic";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("matrix", "scales", "traces", "model", "ranks", "batches", "tokenBytes", "bandwidth", "delay", "computes", "preset");
        var bandwidth = UnitParser.Bandwidth(entry["bandwidth"].Text(), entry["bandwidth"].Where);
        var delay = UnitParser.Time(entry["delay"].Text(), entry["delay"].Where);
        var tokenBytes = new Bytes(entry["tokenBytes"].Int64(1));
        var effort = LayerEffort.Find(entry["preset"].Text(), entry["preset"].Where);
        var title = entry.Find("matrix") is { } m ? Path.GetFileName(m.Text()) : $"{entry["model"].Text()}: {string.Join(" + ", entry["traces"].Items().Select(t => Path.GetFileName(t.Text())))}";
        if (entry.Find("matrix") is null && !Directory.Exists(context.Data)) return $"\n## {title}\n\nSkipped: {context.Data} does not exist, and the recordings are not part of the repository.\n";
        var cases = entry.Find("matrix") is null ? Recorded(entry, context, tokenBytes) : Scaled(entry, context, tokenBytes);
        var text = $"\n## {title}\n\nPorts {bandwidth}, delay {delay}, {tokenBytes.Value} bytes a token, {cases[0].Layers.Count} {(cases[0].Layers.Count == 1 ? "layer" : "layers")}; ours with the preset {effort.Name}.\n\n";
        List<Column> columns =
        [
            new("traffic", true), new("compute", true), new("tokens a pair"), new("Ideal"), .. Published.Select(p => new Column(p.Column)),
            new("ours"), new("Ideal'"), new("bound"), new("our plans", true),
        ];
        var table = new Table("", columns);
        for (var c = 0; c < cases.Count; c++)
        {
            foreach (var compute in entry["computes"].Items())
            {
                var profile = ComputeProfiles.Parse(compute.Text(), compute.Where);
                var fabric = new CircuitSwitch().Build(new FabricOptions(cases[c].Layers[0].RankCount, 1, bandwidth, delay));
                table.Add([.. Row(cases[c], compute.Text(), effort, [.. cases[c].Layers.Select(t => new LayerProblem(t, fabric, [.. Enumerable.Repeat(profile, t.RankCount)]))])]);
            }

            context.Progress.Report("traffic", c + 1, cases.Count);
        }

        return text + MarkdownTable.Write(table);
    }

    private static List<Cell> Row(Case traffic, string compute, LayerEffort effort, LayerProblem[] layers)
    {
        var ideal = layers.Sum(l => IdealLayer.NonOverlapped(l).Picoseconds);
        var remote = layers.Sum(l => l.Traffic.Dispatch[0].Copies.RemoteTotal());
        var n = layers[0].Traffic.RankCount;
        var cells = new List<Cell> { traffic.Name, compute, ReportText.Fixed(remote / (double)layers.Length / (n * (n - 1)), 1), $"{ReportText.Fixed(ideal * 1e-9, 3)} ms" };
        foreach (var (_, scheduler, evaluator) in Published)
        {
            var chosen = Schedulers.Find(scheduler, "study");
            var with = LayerEvaluators.Find(evaluator, "study", new EvaluatorOptions(CollectActivities: false));
            cells.Add(OfIdeal(layers.Sum(l =>
            {
                var problem = LayerSchedules.ProblemFor(chosen, l);
                return with.Evaluate(problem, LayerSchedules.Build(chosen, problem, new Prng(1))).Makespan.Picoseconds;
            })));
        }

        var portfolio = LayerPortfolio.Create(effort, new PlannedExecutor(new EvaluatorOptions(CollectActivities: false)));
        var plans = layers.Select(l => portfolio.Plan(l, new Prng(1))).ToArray();
        cells.Add(OfIdeal(plans.Sum(p => p.Outcome.Makespan.Picoseconds)));
        cells.Add(OfIdeal(ideal + layers.Sum(l => 2 * l.Fabric.ReconfigurationDelay!.Value.Picoseconds * LayerSchedules.Build(new OpenShopScheduler(), l, new Prng(1)).Dispatch[0].Steps.Count)));
        cells.Add(OfIdeal(layers.Sum(l => LayerBounds.Interleaved(l).Max(b => b.Value.Picoseconds))));
        cells.Add(string.Join(", ", plans.GroupBy(p => p.Planner).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => layers.Length == 1 ? g.Key : $"{g.Key} {g.Count()}")));
        return cells;

        string OfIdeal(long ps) => ReportText.Fixed(ps / (double)ideal, 3);
    }

    private sealed record Case(string Name, IReadOnlyList<LayerTraffic> Layers);

    // The published matrix, every entry scaled and rounded.
    private static List<Case> Scaled(JsonInput entry, StudyContext context, Bytes tokenBytes)
    {
        var matrix = TrafficMatrixFile.Read(Path.Combine(context.Folder, entry["matrix"].Text()));
        return
        [
            .. entry["scales"].Items().Select(s =>
            {
                var copies = new TrafficMatrix(matrix.RankCount, [.. matrix.Cells.ToArray().Select(x => (long)Math.Round(x * s.Double()))]);
                return new Case(string.Create(CultureInfo.InvariantCulture, $"x {s.Double()}"), [Layer(copies, tokenBytes)]);
            }),
        ];
    }

    // Every layer of a recording, first batch of each size, dealt round robin to the ranks; experts contiguous; one copy per expert, as the paper.
    private static List<Case> Recorded(JsonInput entry, StudyContext context, Bytes tokenBytes)
    {
        var model = ModelPresets.Load(entry["model"].Text());
        var ranks = entry["ranks"].Int32(2);
        var placement = LayerPlacement.Even(model.ExpertCount, [.. Enumerable.Range(0, model.ExpertCount)], ranks);
        using var trace = TraceOptions.OpenTrace(context.Traces(entry), null, new ImportOptions(model.ExpertCount));
        var cases = new List<Case>();
        foreach (var batch in entry["batches"].Int32List())
        {
            var sources = SourceRanks.Find("round-robin", "study").Assign(trace, 0, Math.Min(batch, trace.TokenCount), ranks);
            var options = new TrafficOptions(SendMode.PerExpert, false, tokenBytes, tokenBytes);
            cases.Add(new Case(
                $"{sources.Length} tokens",
                [.. Enumerable.Range(0, trace.LayerCount).Select(layer => TrafficBuilder.Build(trace, layer, 0, sources, placement, options, out _))]));
        }

        return cases;
    }

    private static LayerTraffic Layer(TrafficMatrix copies, Bytes tokenBytes) =>
        new([new Exchange(copies, copies)], [new Exchange(copies.Transpose(), copies.Transpose())], tokenBytes, tokenBytes);
}
