using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
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
        var costs = new BalanceCosts
        {
            SecondsPerToken = entry["nsPerToken"].Double() * 1e-9,
            ExpertBytes = entry["expertBytes"].Int64(1),
            BytesPerSecond = UnitParser.Bandwidth(entry["link"].Text(), entry["link"].Where).BitsPerSecond / 8.0,
            SecondsPerRearrangement = entry["stopMs"].Double() * 1e-3,
        };
        using var trace = TraceOptions.OpenTrace(traces, null, new ImportOptions(ModelPresets.Load(model).ExpertCount));
        var windows = LoadWindows.Count(trace, window, (double)batch / window);
        var names = string.Join(" + ", traces.Select(Path.GetFileName));
        var text = $"\n## {model}: {names}\n\n{windows.Length} windows of {window} tokens; batches of {batch} tokens, {slots} slots on {ranks} ranks, all {trace.LayerCount} layers. "
            + $"{entry["nsPerToken"].Double():0.##} ns a token, experts of {ReportText.Size((long)costs.ExpertBytes)} over {entry["link"].Text()}, {entry["stopMs"].Double():0.##} ms per rearrangement. "
            + $"Loads expected: {entry["memory"].Double():0.##} of the estimate before, the rest from the last window; the trigger believes {entry["confidence"].Double():0.##} of a saving.\n";
        var (done, all) = (0L, (long)entry["iterations"].Int32List().Length * 6);
        foreach (var iterations in entry["iterations"].Int32List())
        {
            var replay = new DriftReplay(windows, slots, ranks, iterations, costs, entry["memory"].Double());
            var perfect = replay.PerfectSeconds();
            var table = new Table("", [new("placement changed", true), new("dispatch", true), new("balance"), new("changes"), new("fetched"), new("fetches per layer and batch"), new("compute s"), new("moving s"), new("total s"), new("total / perfect")]);
            var policies = DriftReplay.Policies(new MigrationTrigger(costs, iterations, entry["confidence"].Double()));
            foreach (var policy in policies)
            {
                Row(policy, "even");
                context.Progress.Report("replays", ++done, all);
            }

            foreach (var dispatch in BatchDispatches.All.Where(d => d.Name != "even")) Row(policies[0], dispatch.Name);
            Row(policies[^1], "lp");
            table.Add("(every rank at the mean)", "", "1.0000", "", "", "", ReportText.Fixed(perfect, 3), "", ReportText.Fixed(perfect, 3), "1.0000");
            text += $"\n{iterations} iterations a window:\n\n{MarkdownTable.Write(table)}";

            void Row(DriftPolicy policy, string mode)
            {
                var o = replay.Run(policy, BatchDispatches.Find(mode, "dispatch"), new Prng(1));
                table.Add(policy.Name, mode, ReportText.Fixed(o.Balance, 4), $"{o.Rearrangements}", $"{o.Fetched}", ReportText.Fixed(o.TransfersPerBatch, 2), ReportText.Fixed(o.ComputeSeconds, 3),
                    ReportText.Fixed(o.MigrationSeconds + o.TransferSeconds, 3), ReportText.Fixed(o.TotalSeconds, 3), ReportText.Fixed(o.TotalSeconds / perfect, 4));
            }
        }

        return text;
    }
}
