using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Core.Verification;

namespace Crossweave.Cli.Verbs;

/// <summary>Checks a placement or schedule file from scratch, with none of the code that made it.</summary>
internal static class VerifyVerb
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A schedule or place document (JSON of 'schedule' or 'place'), Crossweave's placement file, or another placement file with --format.", HelpName = "FILE" };
        var matrix = new Option<string?>("--matrix") { Description = "The traffic matrix the schedule must carry. Default: FILE with the ending .csv, as 'plan --out' writes it.", HelpName = "M.csv" };
        var rows = new Option<string?>("--rows") { Description = "The rows to compute for every pair of ranks, when a layer says they are not the tokens sent. Default: FILE with the ending .rows.csv, as 'plan --out' writes it.", HelpName = "R.csv" };
        var loads = new Option<string?>("--loads") { Description = "The loads the placement's balance was claimed for: {\"weight\": [[...]]}, or any recording 'crossweave import --list' names.", HelpName = "W.json" };
        var format = new Option<string?>("--format") { Description = $"Placement format: {string.Join(", ", PlacementFormats.All.Select(f => f.Name))}.", HelpName = "NAME" };
        var dataset = new Option<string?>("--dataset") { Description = "Keep this data set of the loads only (files with such a column).", HelpName = "NAME" };
        var limits = new RankSlotOptions();
        var reading = new PlacementReading();
        var json = CommonOptions.Json();
        var command = new Command("verify", "Check a placement or a schedule from scratch; exit code 3 when something is wrong.") { file, matrix, rows, loads, dataset, format };
        reading.AddTo(command);
        limits.AddTo(command, withMemory: false);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var kind = parsed.GetValue(format) is null ? KindOf(path) : Kind.Placement;
            foreach (var option in new[] { matrix, rows })
                if (kind != Kind.Schedule && parsed.GetValue(option) is not null) throw InputException.At(option.Name, "it beside a placement", "JSON of 'schedule'");
            if (kind == Kind.Schedule && parsed.GetValue(loads) is not null) throw InputException.At(loads.Name, "it beside JSON of 'schedule'", "a placement");
            if (kind != Kind.Placement && limits.Limits(parsed) is not null) throw InputException.At("--rank-slots", "it beside JSON of 'schedule' or 'place'", "a placement file, which states no limits itself");
            var load = parsed.GetValue(loads) is { } w ? ReadLoads(w, parsed.GetValue(dataset)) : null;
            var certificate = kind switch
            {
                Kind.Schedule => Schedule(path, parsed.GetValue(matrix), parsed.GetValue(rows)),
                Kind.PlaceDocument => PlacementVerifier.Verify(PlaceDocument.Read(path), load),
                _ => PlacementVerifier.Verify(PlacementFormats.Find(parsed.GetValue(format) ?? "crossweave", "--format").Read(path, reading.Read(parsed)), load, limits.Limits(parsed)),
            };
            var document = new JsonOutput().BeginObject().Key("subject").Value(certificate.Subject).Key("valid").Value(certificate.IsValid).Key("summary").BeginArray();
            foreach (var line in certificate.Summary) document.Value(line);
            document.End().Key("findings").BeginArray();
            foreach (var f in certificate.Findings)
                document.BeginObject().Key("what").Value(f.What).Key("where").Value(f.Where).Key("expected").Value(f.Expected).Key("found").Value(f.Found).End();
            if (terminal.WriteJsonText(parsed.GetValue(json), document.End().End().ToString()))
            {
                terminal.Out.WriteLine($"{path}: {certificate.Subject}: {(certificate.IsValid ? "valid" : $"{certificate.Findings.Count} findings")}");
                foreach (var line in certificate.IsValid ? certificate.Summary : certificate.Findings.Select(f => f.ToString())) terminal.Out.WriteLine($"  {line}");
            }

            return certificate.IsValid ? CommandLine.Done : CommandLine.Infeasible;
        });
        return command;
    }

    private enum Kind
    {
        Schedule,
        PlaceDocument,
        Placement,
    }

    private static Kind KindOf(string path)
    {
        using var file = JsonInput.Open(path);
        var root = file.Root;
        if (root.IsObject)
        {
            if (root.Find("scheduler") is not null) return Kind.Schedule;
            if (root.Find("planner") is not null) return Kind.PlaceDocument;
            if (root.Find("layers") is not null) return Kind.Placement;
        }

        throw InputException.At(path, "none of the keys \"scheduler\", \"planner\", \"layers\"", "JSON of 'schedule' or 'place', a Crossweave placement, or --format NAME");
    }

    private static Certificate Schedule(string path, string? matrix, string? rows)
    {
        var document = ScheduleDocument.Read(path);
        var hasRows = document.Layer?.RowCount is not null;
        if (rows is not null && !hasRows) throw InputException.At("--rows", "it beside a schedule without \"rows\"", "a layer whose rows are not the tokens sent");
        var demand = TrafficMatrixFile.Read(matrix ?? Beside(path, ".csv", "--matrix", "the traffic matrix the schedule must carry"));
        var work = hasRows ? TrafficMatrixFile.Read(rows ?? Beside(path, ".rows.csv", "--rows", "the matrix of the rows to compute")) : null;
        return ScheduleVerifier.Verify(document, demand, work);
    }

    private static string Beside(string path, string ending, string option, string what)
    {
        var beside = Path.ChangeExtension(path, ending);
        return File.Exists(beside) ? beside : throw InputException.At(option, "nothing", $"{what} ({beside} does not exist)");
    }

    private static ExpertLoad ReadLoads(string path, string? dataset)
    {
        var recording = Importers.Open(path, null, new ImportOptions(null, dataset, null));
        using var trace = recording.Trace;
        return recording.Load ?? LoadCounter.Count(trace!);
    }
}
