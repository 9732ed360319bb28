using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Statistics;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Inspections;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>What is in a recording: skew, co-activation, distinct ranks per token, drift.</summary>
internal static class InspectVerb
{
    public static Command Create(Terminal terminal)
    {
        var trace = new TraceOptions();
        var model = new Option<string?>("--model") { Description = "Preset or config.json: says how many experts there are.", HelpName = "M" };
        var ranks = new Option<string>("--ranks") { Description = "Sizes of the expert-parallel group, comma-separated; the first one is the one in 'perLayer'.", DefaultValueFactory = _ => "4,8,16,32", HelpName = "N,..." };
        var placement = new Option<string>("--placement") { Description = "'contiguous', another planner's name, or a Crossweave placement file (then its ranks).", DefaultValueFactory = _ => "contiguous", HelpName = "P" };
        var report = new Option<string?>("--report") { Description = "Also write one self-contained HTML page with heat maps.", HelpName = "FILE.html" };
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var command = new Command("inspect", "Look at a recording: load skew, co-activation, distinct ranks per token, drift, per layer.");
        trace.AddTo(command);
        foreach (var option in new Option[] { model, ranks, placement, report, json, seed }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            var description = parsed.GetValue(model) is { } m ? Core.Models.ModelPresets.Load(m) : null;
            var where = parsed.GetValue(placement)!;
            using var recording = trace.ReadTrace(parsed, description);
            using var progress = TerminalProgress.ForStandardError();
            var sizes = Sizes(parsed.GetValue(ranks)!);
            var fixedPlacement = File.Exists(where) ? PlacementFormats.Find("crossweave", "--placement").Read(where, new PlacementReadOptions()) : null;
            if (fixedPlacement is not null) sizes = [fixedPlacement.RankCount];
            var summary = TraceStatistics.Compute(recording, sizes, PlacementOf(where, fixedPlacement, recording, parsed.GetValue(seed), progress), null, progress);
            var view = View(trace.Title(parsed), summary);
            if (parsed.GetValue(report) is { } page)
                AtomicFile.WriteAllText(page, InspectReport.Render(view, new ReportContext($"crossweave inspect {string.Join(' ', trace.Paths(parsed).Select(Path.GetFileName))}", ProgramVersion.Text)));
            if (terminal.WriteJsonText(parsed.GetValue(json), ToJson(summary)))
            {
                terminal.Out.WriteLine($"{summary.Tokens} tokens in {summary.Sequences} sequences, {summary.Layers} layers, {summary.Experts} experts, top-{summary.TopK}");
                terminal.Write(LayerTable(summary));
            }

            return CommandLine.Done;
        });
        return command;
    }

    private static Func<int, ExpertPlacement>? PlacementOf(string name, ExpertPlacement? given, RoutingTrace trace, ulong seed, IWorkProgress progress)
    {
        if (given is not null)
        {
            return given.Layers.Count == trace.LayerCount && given.ExpertCount == trace.ExpertCount
                ? _ => given
                : throw InputException.At(name, $"{given.Layers.Count} layers x {given.ExpertCount} experts", $"{trace.LayerCount} x {trace.ExpertCount} as in the trace");
        }

        if (name == "contiguous") return null; // uneven ranks allowed
        var planner = Planners.Find(name, "--placement");
        var load = LoadCounter.Count(trace, progress: progress);
        return n => planner.Plan(
            new PlacementProblem(load, (trace.ExpertCount + n - 1) / n * n, n) { Routing = trace }, new Algorithms.Prng(seed).Split(planner.Name));
    }

    private static int[] Sizes(string text)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var sizes = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i], out sizes[i]) || sizes[i] is < 1 or > 4096)
                throw InputException.At("--ranks", $"'{parts[i]}'", "whole numbers from 1 to 4096, comma-separated");
        return sizes.Length > 0 ? sizes : throw InputException.At("--ranks", "nothing", "at least one number");
    }

    private static Table LayerTable(TraceSummary summary)
    {
        var columns = new List<Column>
        {
            new("layer"), new("expert max/mean"), new("Gini"), new("top 10 %"), new("co-activation", Hint: "share of pairs that differ from independence"), new("by chance"), new("drift"), new("by chance"),
        };
        foreach (var n in summary.RankCounts) columns.AddRange([new($"EP{n} rank max/mean"), new($"EP{n} C_T"), new("uniform")]);
        var table = new Table("Layers", columns);
        foreach (var l in summary.PerLayer)
        {
            var cells = new List<Cell>
            {
                $"{l.LayerId}", ReportText.Fixed(l.MaxOverMeanExpert), ReportText.Fixed(l.Gini, 3), ReportText.Percent(l.TopTenthShare),
                l.CoActivation is { } c ? ReportText.Fixed(c.Strength, 3) : "–", l.CoActivation is { } d ? ReportText.Fixed(d.ChanceStrength, 3) : "–",
                ReportText.Fixed(l.Drift.MeanDistance, 3), ReportText.Fixed(l.Drift.ChanceDistance, 3),
            };
            foreach (var r in l.Ranks)
                cells.AddRange([ReportText.Fixed(r.MaxOverMeanRows), ReportText.Fixed(r.DistinctRanks, 3), r.UniformDistinctRanks is { } u ? ReportText.Fixed(u, 3) : "–"]);
            table.Add([.. cells]);
        }

        return table;
    }

    private static string ToJson(TraceSummary s)
    {
        var json = new JsonOutput().BeginObject().Key("tokens").Value(s.Tokens).Key("layers").Value(s.Layers).Key("experts").Value(s.Experts).Key("topK").Value(s.TopK)
            .Key("sequences").Value(s.Sequences).Key("ranks").Value(s.RankCounts[0]).Key("perLayer").BeginArray();
        foreach (var l in s.PerLayer)
        {
            json.BeginObject().Key("layerId").Value(l.LayerId).Key("maxOverMeanExpert").Value(l.MaxOverMeanExpert);
            WriteRank(json, l.Ranks[0]);
            json.Key("gini").Value(l.Gini).Key("topTenthShare").Value(l.TopTenthShare).Key("coActivation");
            if (l.CoActivation is { } c)
            {
                json.BeginObject().Key("strength").Value(c.Strength).Key("chanceStrength").Value(c.ChanceStrength).Key("informationBits").Value(c.InformationBits).Key("topPairs").BeginArray();
                foreach (var p in c.TopPairs) json.BeginObject().Key("expert").Value(p.Expert).Key("other").Value(p.Other).Key("tokens").Value(p.Tokens).Key("expected").Value(p.Expected).End();
                json.End().End();
            }
            else
            {
                json.Null();
            }

            json.Key("drift").BeginObject().Key("windows").Value(l.Drift.WindowCount).Key("meanDistance").Value(l.Drift.MeanDistance).Key("maxDistance").Value(l.Drift.MaxDistance)
                .Key("meanStep").Value(l.Drift.MeanStep).Key("chanceDistance").Value(l.Drift.ChanceDistance).End();
            json.Key("perRanks").BeginArray();
            foreach (var r in l.Ranks)
            {
                json.BeginObject().Key("ranks").Value(r.RankCount);
                WriteRank(json, r);
                json.End();
            }

            json.End().End();
        }

        return json.End().End().ToString();
    }

    private static void WriteRank(JsonOutput json, RankStatistics r)
    {
        json.Key("maxOverMeanRank").Value(r.MaxOverMeanRows).Key("distinctRanksPerToken").Value(r.DistinctRanks).Key("uniformDistinctRanks");
        if (r.UniformDistinctRanks is { } uniform) json.Value(uniform);
        else json.Null();
    }

    private static InspectView View(string title, TraceSummary s)
    {
        var windows = Enumerable.Range(0, s.PerLayer[0].Drift.WindowCount).ToList();
        var strongest = Enumerable.Range(0, s.Layers).MaxBy(l => s.PerLayer[l].CoActivation?.Strength ?? 0);
        return new InspectView
        {
            TraceName = title,
            Tokens = s.Tokens,
            TopK = s.TopK,
            LayerIds = [.. s.PerLayer.Select(l => l.LayerId)],
            Load = [.. Enumerable.Range(0, s.Layers).Select(l => s.Load.Layer(l).ToArray())],
            Layers = [.. s.PerLayer.Select(l => new InspectLayer(l.MaxOverMeanExpert, l.Ranks[0].MaxOverMeanRows, l.Gini, l.TopTenthShare, l.CoActivation?.Strength ?? double.NaN))],
            DistinctRanks = [.. Enumerable.Range(0, s.RankCounts.Count).Select(i => new DistinctRanksView(
                s.RankCounts[i], [.. s.PerLayer.Select(l => l.Ranks[i].DistinctRanks)], s.PerLayer[0].Ranks[i].UniformDistinctRanks ?? double.NaN))],
            CoActivation = s.CoActivation is null ? null : new CoActivationView(s.PerLayer[strongest].LayerId, Ratios(s, strongest)),
            Drift =
            [
                new ChartSeries("mean of the layers", [.. windows.Select(w => s.PerLayer.Average(l => l.Drift.Distances[w]))]),
                new ChartSeries("layer that drifts most", [.. windows.Select(w => s.PerLayer.Max(l => l.Drift.Distances[w]))]),
                new ChartSeries("by chance", [.. windows.Select(_ => s.PerLayer.Average(l => l.Drift.ChanceDistance))]),
            ],
            DriftWindows = [.. windows.Select(w => $"{w + 1}")],
            DriftMeasure = "distance of a window's load from the whole trace's",
        };
    }

    /// <summary>Recorded pairs over what popularity alone explains.</summary>
    private static double[][] Ratios(TraceSummary s, int layer)
    {
        var expected = IndependentPairs.Expected(s.Load.Layer(layer), s.Tokens, s.TopK);
        return [.. Enumerable.Range(0, s.Experts).Select(i => Enumerable.Range(0, s.Experts)
            .Select(j => i == j || expected[(i * s.Experts) + j] <= 0 ? double.NaN : s.CoActivation!.Tokens(layer, i, j) / expected[(i * s.Experts) + j]).ToArray())];
    }
}
