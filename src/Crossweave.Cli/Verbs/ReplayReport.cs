using Crossweave.Core.Formats.Documents;
using Crossweave.Planning.Balancing;
using Crossweave.Reporting;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Html;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>One policy with one way to split batches.</summary>
internal sealed record Replayed(string Policy, string Dispatch, DriftOutcome Outcome);

/// <summary>What a replay found.</summary>
/// <param name="Title">Trace and shape.</param>
/// <param name="Terms">Constants of the cost model, in words.</param>
/// <param name="Perfect">Seconds that nothing gets below.</param>
/// <param name="Rows">In the order asked for.</param>
internal sealed record Replay(string Title, string Terms, double Perfect, IReadOnlyList<Replayed> Rows);

/// <summary>A replay as table, JSON and page.</summary>
internal static class ReplayReport
{
    public static Table TableOf(Replay replay)
    {
        var table = ReplayTables.Empty(replay.Title);
        var best = replay.Rows.Min(r => r.Outcome.TotalSeconds);
        foreach (var (policy, dispatch, outcome) in replay.Rows)
        {
            ReplayTables.Add(table, policy, dispatch, outcome, replay.Perfect);
            if (outcome.TotalSeconds == best) table.MarkLast();
        }

        ReplayTables.AddPerfect(table, replay.Perfect);
        return table;
    }

    public static string Json(Replay replay)
    {
        var json = new JsonOutput().BeginObject().Key("title").Value(replay.Title).Key("terms").Value(replay.Terms).Key("perfectSeconds").Raw(JsonOutput.Number(replay.Perfect));
        json.Key("rows").BeginArray();
        foreach (var (policy, dispatch, o) in replay.Rows)
        {
            json.BeginObject().Key("policy").Value(policy).Key("dispatch").Value(dispatch);
            foreach (var (key, value) in new[] { ("totalSeconds", o.TotalSeconds), ("computeSeconds", o.ComputeSeconds), ("migrationSeconds", o.MigrationSeconds), ("transferSeconds", o.TransferSeconds), ("transfersPerLayerAndBatch", o.TransfersPerBatch), ("balance", o.Balance) })
                json.Key(key).Raw(JsonOutput.Number(value));
            json.Key("changes").Value(o.Rearrangements).Key("fetched").Value(o.Fetched);
            json.Key("windowSeconds").Raw(Numbers(o.Windows.Select(w => w.Seconds))).Key("windowBalance").Raw(Numbers(o.Windows.Select(w => w.Balance)));
            json.Key("windowFetched").Line(o.Windows.Select(w => w.Fetched).ToArray()).End();
        }

        return json.End().End().ToString();
    }

    private static string Numbers(IEnumerable<double> values) => $"[{string.Join(", ", values.Select(JsonOutput.Number))}]";

    public static string Page(Replay replay, string commandLine)
    {
        var best = replay.Rows.MinBy(r => r.Outcome.TotalSeconds)!;
        var first = replay.Rows[0];
        var report = new HtmlReport("When to move experts")
        {
            Subtitle = replay.Title,
            Headline = $"Least total time: placement changed by “{best.Policy}”, batches split by “{best.Dispatch}”: {ReportText.Fixed(best.Outcome.TotalSeconds, 3)} s, {ReportText.Times(first.Outcome.TotalSeconds / best.Outcome.TotalSeconds, 3)} faster than “{first.Policy}” with “{first.Dispatch}”; perfect balance at no cost would take {ReportText.Fixed(replay.Perfect, 3)} s.",
        };
        report.Section("Policies");
        report.Table(TableOf(replay), "Fewer seconds are better; a policy that moves more than it saves is slower than never moving. Dispatches that look at the batch (lp, llep) need its counts before it is sent.");
        report.Section("Course over the windows");
        var positions = Enumerable.Range(1, first.Outcome.Windows.Count).Select(w => $"{w}").ToArray();
        LineChart Chart(string title, string values, Func<DriftWindow, double> of) => new()
        {
            Title = title,
            Positions = positions,
            PositionTitle = "window",
            ValueTitle = values,
            Series = [.. replay.Rows.Where(r => r.Dispatch == first.Dispatch).Select(r => new ChartSeries(r.Policy, [.. r.Outcome.Windows.Select(of)]))],
        };
        report.Figure(Chart("Seconds per window", "seconds, computing and moving", w => w.Seconds).Render(), $"Seconds per window, batches split by “{first.Dispatch}”", "Peaks of a policy are its moves. A line that climbs and stays up is a placement that no longer fits the traffic.");
        report.Figure(Chart("Balance per window", "mean / max rank load", w => w.Balance).Render(), "Balance per window, mean over layers", "1 is perfect. All policies fall where the traffic changes its domain; what counts is how soon they recover and what it costs.");
        report.Section("Terms and provenance");
        report.List([replay.Terms, "Computing is the busiest rank's tokens, layer by layer and batch by batch; moving is the rank that fetches most; communication is not part of it."]);
        report.Facts([("Command", commandLine), ("Crossweave", ProgramVersion.Text)]);
        return report.Render();
    }
}
