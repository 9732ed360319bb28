using Crossweave.Planning.Balancing;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Replays as rows, for the verb and the drift study alike.</summary>
internal static class ReplayTables
{
    public static Table Empty(string title) => new(title,
    [
        new("placement changed", true), new("dispatch", true), new("balance", Hint: "mean over windows and layers of mean / max rank load"), new("changes"), new("fetched"),
        new("fetches per layer and batch"), new("compute s"), new("moving s"), new("total s"), new("total / perfect"),
    ]);

    public static void Add(Table table, string policy, string dispatch, DriftOutcome o, double perfect) => table.Add(
        policy, dispatch, ReportText.Fixed(o.Balance, 4), $"{o.Rearrangements}", $"{o.Fetched}", ReportText.Fixed(o.TransfersPerBatch, 2), ReportText.Fixed(o.ComputeSeconds, 3),
        ReportText.Fixed(o.MigrationSeconds + o.TransferSeconds, 3), ReportText.Fixed(o.TotalSeconds, 3), ReportText.Fixed(o.TotalSeconds / perfect, 4));

    /// <summary>What no placement and no dispatch gets below.</summary>
    public static void AddPerfect(Table table, double perfect) =>
        table.Add("(every rank at the mean)", "", "1.0000", "", "", "", ReportText.Fixed(perfect, 3), "", ReportText.Fixed(perfect, 3), "1.0000");
}
