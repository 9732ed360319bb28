using System.Text;
using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Planning;
using Crossweave.Planning.Placement;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>Balance, proven optima and churn of placement planners on seeded loads, on recorded loads, and of placements from files.</summary>
internal sealed class BalanceStudy : IStudy
{
    private const int Layers = 58; // DeepSeek-V3
    private const int Experts = 256;

    public string Key => "balances";

    public string Section(JsonInput entry, StudyContext context)
    {
        var planners = entry["planners"].Items().Select(n => Planners.Find(n.Text(), n.Where)).ToList();
        if (entry.Find("sigmas") is not null) return Churn(entry, planners, context);
        if (entry.Find("files") is not null) return FromFiles(entry, planners, context);
        if (entry.Find("traces") is not null) return Recorded(entry, planners, context);
        return entry.Find("counts") is not null ? Counted(entry, planners, context) : Families(entry, planners, context);
    }

    /// <summary>Seeded families; balance and how many layers are proven, by case and family.</summary>
    private static string Families(JsonInput entry, List<IPlacementPlanner> planners, StudyContext context)
    {
        entry.AllowOnly("planners", "families", "cases", "seeds");
        var text = new StringBuilder();
        var families = Names(entry);
        var seeds = entry["seeds"].Int32(1, 100);
        foreach (var at in entry["cases"].Items())
        {
            var shape = at.Int32List();
            if (shape.Length != 4) throw at.Wrong("[slots, ranks, nodes, groups]");
            var table = new Table("", [new("planner", true), .. families.Select(f => new Column(f)), new("proven layers"), new("within 0.1 %"), new("duplicate slots")]);
            var ceiling = new double[families.Length];
            var rows = new double[planners.Count, families.Length];
            var (proven, close) = (new int[planners.Count, families.Length], new int[planners.Count, families.Length]);
            var duplicates = new int[planners.Count];
            for (var f = 0; f < families.Length; f++)
            {
                for (var seed = 0; seed < seeds; seed++)
                {
                    var load = Draw(families[f], seed, at.Where);
                    var problem = new PlacementProblem(load, shape[0], shape[1], shape[2], shape[3]);
                    var (_, bound) = new RefinedPlanner(allowDuplicates: false).PlanWithBounds(problem);
                    ceiling[f] += Enumerable.Range(0, Layers).Average(l => Mean(load, l, shape[1]) / bound[l]) / seeds;
                    for (var p = 0; p < planners.Count; p++)
                    {
                        var placement = planners[p].Plan(problem, new Prng(1));
                        rows[p, f] += PlacementMetrics.Balancedness(placement, load).MeanOfRatios / seeds;
                        duplicates[p] += placement.Layers.Sum(PlacementMetrics.DuplicateSlots);
                        for (var l = 0; l < Layers; l++)
                        {
                            var max = PlacementMetrics.MeanAndMax(placement.Layers[l], load.Layer(l)).Max;
                            if (max < bound[l] + 1) proven[p, f]++;
                            if (max < bound[l] * 1.001) close[p, f]++;
                        }
                    }

                    context.Progress.Report("draws", seed + 1, seeds);
                }
            }

            for (var p = 0; p < planners.Count; p++)
                table.Add([planners[p].Name, .. Enumerable.Range(0, families.Length).Select(f => (Cell)ReportText.Fixed(rows[p, f], 4)), ByFamily(proven, p), ByFamily(close, p), $"{duplicates[p]}"]);
            table.Add(["(bound)", .. ceiling.Select(c => (Cell)ReportText.Fixed(c, 4)), "", "", ""]);
            var hierarchical = shape[3] % shape[2] == 0 && shape[2] > 1;
            text.Append($"\n## {Layers} layers x {Experts} experts, {shape[0]} slots on {shape[1]} ranks, {(hierarchical ? $"{shape[3]} groups kept whole on {shape[2]} nodes" : "global")}\n\n");
            text.Append($"Mean balancedness over {seeds} draws of each family. Layers of each family, {Layers * seeds} each: proven, the busiest rank is less than one token above the bound; or within 0.1 % of it.\n\n").Append(MarkdownTable.Write(table));
        }

        return text.ToString();
    }

    private static string ByFamily(int[,] layers, int planner) => string.Join(", ", Enumerable.Range(0, layers.GetLength(1)).Select(f => layers[planner, f]));

    /// <summary>Loads that wobble: what a new plan fetches.</summary>
    private static string Churn(JsonInput entry, List<IPlacementPlanner> planners, StudyContext context)
    {
        entry.AllowOnly("planners", "families", "sigmas", "slots", "ranks");
        var (slots, ranks) = (entry["slots"].Int32(1), entry["ranks"].Int32(1));
        var table = new Table("", [new("family", true), new("jitter"), new("before"), .. planners.SelectMany(p => new Column[] { new(p.Name), new("fetched") })]);
        foreach (var family in Names(entry))
        {
            var load = Draw(family, 0, entry.Where);
            var problem = new PlacementProblem(load, slots, ranks);
            var running = new RefinedPlanner(allowDuplicates: false).Plan(problem, new Prng(1));
            foreach (var sigma in entry["sigmas"].Items().Select(s => s.Double()))
            {
                var drifted = LoadFamilies.Jitter(load, sigma, new Prng(3).Split(family));
                var cells = new List<Cell> { family, ReportText.Percent(sigma, 0), ReportText.Fixed(PlacementMetrics.Balancedness(running, drifted).MeanOfRatios, 4) };
                foreach (var planner in planners)
                {
                    var next = planner.Plan(problem with { Load = drifted, Previous = running }, new Prng(1));
                    cells.Add(ReportText.Fixed(PlacementMetrics.Balancedness(next, drifted).MeanOfRatios, 4));
                    cells.Add(ReportText.Percent((double)PlacementMetrics.Fetched(running, next) / slots / Layers, 2));
                }

                table.Add([.. cells]);
            }

            context.Progress.Report("churn", table.Rows.Count, table.Rows.Count);
        }

        return $"\n## Churn: {slots} slots on {ranks} ranks, from refined-no-duplicates on the loads before the jitter\n\nBalancedness after replanning, and experts fetched as a share of all slots.\n\n" + MarkdownTable.Write(table);
    }

    /// <summary>Recorded tokens: planned on one half of the sequences, judged on the other.</summary>
    private static string Recorded(JsonInput entry, List<IPlacementPlanner> planners, StudyContext context)
    {
        entry.AllowOnly("planners", "traces", "model", "shapes");
        var (traces, model) = (context.Traces(entry), entry["model"].Text());
        using var trace = TraceOptions.OpenTrace(traces, null, new ImportOptions(ModelPresets.Load(model).ExpertCount));
        var (planning, heldOut) = TraceSplit.BySequence(trace, 0.5, new Prng(1));
        var title = $"{model}: {string.Join(" + ", traces.Select(Path.GetFileName))}, {planning.TokenCount} tokens to plan on, {heldOut.TokenCount} others to judge";
        return Halves(entry, planners, LoadCounter.Count(planning), LoadCounter.Count(heldOut), title);
    }

    /// <summary>Recorded counts: planned on some data sets, judged on others.</summary>
    private static string Counted(JsonInput entry, List<IPlacementPlanner> planners, StudyContext context)
    {
        entry.AllowOnly("planners", "counts", "recordedModel", "planOn", "judgeOn", "shapes");
        var path = Path.Combine(context.Data, entry["counts"].Text());
        var model = entry["recordedModel"].Text();
        string[] planOn = [.. entry["planOn"].Items().Select(d => d.Text())], judgeOn = [.. entry["judgeOn"].Items().Select(d => d.Text())];
        return Halves(entry, planners, Sum(path, model, planOn), Sum(path, model, judgeOn), $"{model}: planned on {string.Join(", ", planOn)}, judged on {string.Join(", ", judgeOn)}");
    }

    private static string Halves(JsonInput entry, List<IPlacementPlanner> planners, ExpertLoad planned, ExpertLoad judged, string title)
    {
        var text = new StringBuilder($"\n## {title}\n\nBalancedness over {planned.LayerCount} layers on the loads planned on, then on the others; last the ceiling on the loads planned on.\n\n");
        var shapes = entry["shapes"].Items().Select(s => s.Int32List()).ToList();
        var table = new Table("", [new("planner", true), .. shapes.SelectMany(s => new Column[] { new($"{s[0]} slots on {s[1]}"), new("held out") })]);
        foreach (var planner in planners)
        {
            var cells = new List<Cell> { planner.Name };
            foreach (var shape in shapes)
            {
                var placement = planner.Plan(new PlacementProblem(planned, shape[0], shape[1]), new Prng(1));
                cells.Add(ReportText.Fixed(PlacementMetrics.Balancedness(placement, planned).MeanOfRatios, 4));
                cells.Add(ReportText.Fixed(PlacementMetrics.Balancedness(placement, judged).MeanOfRatios, 4));
            }

            table.Add([.. cells]);
        }

        var last = new List<Cell> { "(bound)" };
        foreach (var shape in shapes)
        {
            var (_, bound) = new RefinedPlanner(allowDuplicates: false).PlanWithBounds(new PlacementProblem(planned, shape[0], shape[1]));
            last.AddRange([ReportText.Fixed(Enumerable.Range(0, planned.LayerCount).Average(l => Mean(planned, l, shape[1]) / bound[l]), 4), ""]);
        }

        table.Add([.. last]);
        return text.Append(MarkdownTable.Write(table)).ToString();
    }

    /// <summary>Placements made elsewhere, judged on seeded families beside plans for these loads.</summary>
    private static string FromFiles(JsonInput entry, List<IPlacementPlanner> planners, StudyContext context)
    {
        entry.AllowOnly("planners", "families", "files");
        var families = Names(entry);
        var text = new StringBuilder("\n## Placements from production, on loads of the same size\n\nBalancedness on one draw of each family. Those placements were made for other loads, which are not published; planners see the loads they are judged on.\n");
        foreach (var file in entry["files"].Items())
        {
            var path = Path.Combine(context.Data, file.Text());
            var placement = PlacementFormats.Find("omni-csv", file.Where).Read(path, new PlacementReadOptions(ExpertCount: Experts));
            var most = placement.Layers.Max(l => Enumerable.Range(0, l.RankCount).Max(r => l.ExpertsOnRank(r).Length));
            var slots = most * placement.RankCount;
            var table = new Table("", [new("placement", true), new("slots"), .. families.Select(f => new Column(f))]);
            var loads = families.Select(f => Draw(f, 0, entry.Where)).ToList();
            table.Add([Path.GetFileName(path), $"{placement.Layers.Sum(l => l.SlotCount)}", .. loads.Select(l => (Cell)ReportText.Fixed(PlacementMetrics.Balancedness(placement, l).MeanOfRatios, 4))]);
            foreach (var planner in planners)
                table.Add([planner.Name, $"{slots * Layers}", .. loads.Select(l => (Cell)ReportText.Fixed(PlacementMetrics.Balancedness(planner.Plan(new PlacementProblem(l, slots, placement.RankCount), new Prng(1)), l).MeanOfRatios, 4))]);
            text.Append($"\n{Path.GetFileName(path)}: {placement.RankCount} ranks, at most {most} slots each.\n\n").Append(MarkdownTable.Write(table));
        }

        return text.ToString();
    }

    private static string[] Names(JsonInput entry) => [.. entry["families"].Items().Select(f => f.Text())];

    private static ExpertLoad Draw(string family, int seed, string where) => LoadFamilies.Find(family, where)(Layers, Experts, new Prng(17).Split(family).Split(seed));

    private static double Mean(ExpertLoad load, int layer, int ranks)
    {
        var total = 0.0;
        foreach (var t in load.Layer(layer)) total += t;
        return total / ranks;
    }

    private static ExpertLoad Sum(string path, string model, string[] datasets)
    {
        ExpertLoad? sum = null;
        foreach (var dataset in datasets)
        {
            var load = Importers.Open(path, "load-csv", new ImportOptions(Dataset: dataset, Model: model)).Load!;
            var tokens = new long[load.LayerCount * load.ExpertCount];
            for (var l = 0; l < load.LayerCount; l++)
                for (var e = 0; e < load.ExpertCount; e++)
                    tokens[(l * load.ExpertCount) + e] = load.Layer(l)[e] + (sum?.Layer(l)[e] ?? 0);
            sum = new ExpertLoad(load.LayerCount, load.ExpertCount, tokens, load.LayerIds);
        }

        return sum!;
    }
}
