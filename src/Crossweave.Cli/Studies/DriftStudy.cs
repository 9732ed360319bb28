using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Units;
using Crossweave.Planning.Balancing;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>Traffic that drifts, in windows: when is a placement changed, how are batches dispatched, and what do both cost under one model.</summary>
internal sealed class DriftStudy : IStudy
{
    public string Key => "drifts";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("traces", "model", "windowTokens", "batchTokens", "ranks", "slots", "iterations", "expertBytes", "link", "nsPerToken", "stopMs", "memory", "confidence");
        var (traces, model) = (context.Traces(entry), entry["model"].Text());
        var (window, batch) = (entry["windowTokens"].Int32(1), entry["batchTokens"].Int32(1));
        var (ranks, slots) = (entry["ranks"].Int32(1, 1 << 16), entry["slots"].Int32(1));
        var moving = new MigrationCosts
        {
            ExpertBytes = entry["expertBytes"].Int64(1),
            BytesPerSecond = UnitParser.Bandwidth(entry["link"].Text(), entry["link"].Where).BitsPerSecond / 8.0,
            SecondsPerRearrangement = entry["stopMs"].Double() * 1e-3,
        };
        var costs = new BalanceCosts(moving, entry["nsPerToken"].Double() * 1e-9);
        using var trace = TraceOptions.OpenTrace(traces, null, new ImportOptions(ModelPresets.Load(model).ExpertCount));
        var windows = LoadWindows.Count(trace, window, (double)batch / window);
        var names = string.Join(" + ", traces.Select(Path.GetFileName));
        var text = $"\n## {model}: {names}\n\n{windows.Length} windows of {window} tokens; batches of {batch} tokens, {slots} slots on {ranks} ranks, all {trace.LayerCount} layers. "
            + $"{entry["nsPerToken"].Double():0.##} ns a token, experts of {ReportText.Size((long)moving.ExpertBytes)} over {entry["link"].Text()}, {entry["stopMs"].Double():0.##} ms per rearrangement. "
            + $"Loads expected: {entry["memory"].Double():0.##} of the estimate before, the rest from the last window; the trigger believes {entry["confidence"].Double():0.##} of a saving.\n";
        var (done, all) = (0L, (long)entry["iterations"].Int32List().Length * 6);
        foreach (var iterations in entry["iterations"].Int32List())
        {
            var replay = new DriftReplay(windows, slots, ranks, iterations, costs, entry["memory"].Double());
            var perfect = replay.PerfectSeconds();
            var table = ReplayTables.Empty("");
            var policies = DriftReplay.Policies(new MigrationTrigger(costs, new MigrationHorizon(iterations, entry["confidence"].Double()), TokensPerSample: (double)batch / window));
            foreach (var policy in policies)
            {
                Row(policy, "even");
                context.Progress.Report("replays", ++done, all);
            }

            foreach (var dispatch in BatchDispatches.All.Where(d => d.Name != "even")) Row(policies[0], dispatch.Name);
            Row(policies[^1], "lp");
            ReplayTables.AddPerfect(table, perfect);
            text += $"\n{iterations} iterations a window:\n\n{MarkdownTable.Write(table)}";

            void Row(DriftPolicy policy, string mode)
            {
                ReplayTables.Add(table, policy.Name, mode, replay.Run(policy, BatchDispatches.Find(mode, "dispatch"), new Prng(1)), perfect);
            }
        }

        return text;
    }
}
