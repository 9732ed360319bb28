using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Statistics;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>
/// Distinct ranks per token, bytes and busiest rank of every planner on recorded (or synthetic) routing, planned on one part of the sequences and judged on the other,
/// with the margin-preserving shuffle as null test.
/// </summary>
internal sealed class LocalityStudy : IStudy
{
    public string Key => "locality";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("traces", "recipe", "model", "ranks", "slots", "planners", "caps", "seed", "nullTest");
        var model = ModelPresets.Load(entry["model"].Text());
        var copies = new Bytes(2L * model.HiddenSize);
        var options = new TrafficOptions(SendMode.PerRank, SumBeforeCombine: true, copies, copies, 1, new LocalityFirstReplicas());
        var prng = new Prng((ulong)entry["seed"].Int64(0));
        var planners = VerbText.Choose(entry["planners"].Text(), Planners.All, p => p.Name, [], entry["planners"].Where);
        var caps = entry["caps"].Items().Select(c => c.Double()).ToArray();
        using var recorded = Routing(entry, context, model, prng, out var title);
        var slots = entry.Find("slots")?.Int32(model.ExpertCount) ?? model.ExpertCount;
        var text = $"\n## {model.Name}: {title}, {slots} slots\n\n{recorded.TokenCount} tokens, {recorded.LayerCount} layers, "
            + $"{model.ExpertCount} experts, top-{model.TopK}; {copies.Value} bytes a copy; means over layers. k-copy dispatch: C_T = {model.TopK}.\n";
        using var shuffled = entry["nullTest"].Boolean() ? MarginShuffle.Of(recorded, prng.Split("null")) : null;
        foreach (var ranks in entry["ranks"].Int32List())
        {
            var table = new Table(
                $"EP {ranks}, uniform C_T {ReportText.Fixed(UniformRouting.DistinctRanks([.. Enumerable.Range(0, ranks).Select(r => (model.ExpertCount / ranks) + (r < model.ExpertCount % ranks ? 1 : 0))], model.TopK), 4)}",
                [
                    new("planner", true), new("C_T train"), new("C_T"), new("C_R"), new("bytes per layer"), new("busiest / mean"), new("C_T null"), new("gain"), new("null gain"), new("gain less null"),
                ]);
            var (real, none) = (new Split(recorded, slots, ranks, prng), shuffled is null ? null : new Split(shuffled, slots, ranks, prng));
            double first = 0, firstNull = 0;
            foreach (var (planner, cap) in planners.SelectMany(p => p.Name == "locality" ? [(p, null), .. caps.Select(c => (p, (double?)c))] : new[] { (p, (double?)null) }))
            {
                context.Progress.Report($"EP {ranks}: {planner.Name}", 0, 1);
                var (train, held) = real.Judge(planner, cap, options, prng);
                var distinct = held.Average(l => l.DistinctRanks);
                var nullTokens = cap is null ? none?.Judge(planner, cap, options, prng).HeldOut.Average(l => l.DistinctRanks) ?? double.NaN : double.NaN;
                if (first == 0) (first, firstNull) = (distinct, nullTokens);
                var (gain, nullGain) = (1 - (distinct / first), 1 - (nullTokens / firstNull));
                table.Add(
                    cap is { } c ? $"{planner.Name}, load ≤ {ReportText.Fixed(c)}" : planner.Name,
                    ReportText.Fixed(train.Average(l => l.DistinctRanks), 4),
                    ReportText.Fixed(distinct, 4),
                    ReportText.Fixed(held.Average(l => l.RemoteRanks), 4),
                    ReportText.Size((long)held.Average(l => (double)l.WireBytes)),
                    ReportText.Fixed(held.Average(l => l.MaxOverMeanRank), 3),
                    double.IsNaN(nullTokens) ? "–" : ReportText.Fixed(nullTokens, 4),
                    ReportText.Percent(gain),
                    ReportText.Percent(nullGain),
                    ReportText.Percent(gain - nullGain));
            }

            text += $"\n### {table.Title}\n\n{MarkdownTable.Write(table)}";
        }

        return text;
    }

    // Recordings, or synthetic routing of a recipe beside the scenario.
    internal static RoutingTrace Routing(JsonInput entry, StudyContext context, ModelDescription model, Prng prng, out string title)
    {
        if (entry.Find("recipe") is not { } recipe)
        {
            var traces = context.Traces(entry);
            title = string.Join(" + ", traces.Select(Path.GetFileName));
            return TraceOptions.OpenTrace(traces, null, new ImportOptions(model.ExpertCount));
        }

        title = recipe.Text();
        var parameters = SyntheticParameters.Read(Path.Combine(context.Folder, title));
        if (parameters.Experts != model.ExpertCount || parameters.TopK != model.TopK)
            throw InputException.At(recipe.Where, $"{parameters.Experts} experts, top-{parameters.TopK}", $"{model.ExpertCount}, top-{model.TopK} of {model.Name}");
        return SyntheticRouting.Generate(parameters, prng.Split("synth"), progress: context.Progress);
    }

    /// <summary>Both parts of one trace and the problem that planners get.</summary>
    private sealed class Split
    {
        private readonly RoutingTrace _planning;
        private readonly RoutingTrace _heldOut;
        private readonly PlacementProblem _problem;

        public Split(RoutingTrace trace, int slots, int ranks, Prng prng)
        {
            (_planning, _heldOut) = TraceSplit.BySequence(trace, 0.5, prng.Split("split"));
            _problem = new PlacementProblem(LoadCounter.Count(_planning), (slots + ranks - 1) / ranks * ranks, ranks) { Routing = _planning };
        }

        public (HeldOutLayer[] Train, HeldOutLayer[] HeldOut) Judge(IPlacementPlanner planner, double? cap, TrafficOptions options, Prng prng)
        {
            var placement = planner.Plan(_problem with { MaxLoad = cap }, prng.Split(planner.Name));
            var sources = new SequenceSourceRanks();
            return (HeldOutLayer.Judge(_planning, placement, options, sources), HeldOutLayer.Judge(_heldOut, placement, options, sources));
        }
    }
}
