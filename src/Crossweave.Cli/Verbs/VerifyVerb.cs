using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Verification;

namespace Crossweave.Cli.Verbs;

/// <summary>Checks a placement or schedule file from scratch, with none of the code that made it.</summary>
internal static class VerifyVerb
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A schedule or place document (JSON of 'schedule' or 'place'), or a placement file with --format.", HelpName = "FILE" };
        var matrix = new Option<string?>("--matrix") { Description = "The traffic matrix the schedule must carry.", HelpName = "M.csv" };
        var loads = new Option<string?>("--loads") { Description = "The loads the placement's balance was claimed for.", HelpName = "W.json" };
        var format = new Option<string?>("--format") { Description = $"Placement format: {string.Join(", ", PlacementFormats.All.Select(f => f.Name))}.", HelpName = "NAME" };
        var reading = new PlacementReading();
        var json = CommonOptions.Json();
        var command = new Command("verify", "Check a placement or a schedule from scratch; exit code 3 when something is wrong.") { file, matrix, loads, format };
        reading.AddTo(command);
        command.Options.Add(json);
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(file)!;
            var load = parsed.GetValue(loads) is { } w ? LoadDocument.Read(w) : null;
            Certificate certificate;
            if (parsed.GetValue(format) is { } name)
                certificate = PlacementVerifier.Verify(PlacementFormats.Find(name, "--format").Read(path, reading.Read(parsed)), load);
            else if (IsSchedule(path))
                certificate = ScheduleVerifier.Verify(ScheduleDocument.Read(path), TrafficMatrixFile.Read(VerbText.Need(parsed, matrix)));
            else
                certificate = PlacementVerifier.Verify(PlaceDocument.Read(path), load);
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

    private static bool IsSchedule(string path)
    {
        var text = InputFile.ReadText(path);
        if (text.Contains("\"scheduler\"", StringComparison.Ordinal)) return true;
        if (text.Contains("\"planner\"", StringComparison.Ordinal)) return false;
        throw InputException.At(path, "neither a \"scheduler\" nor a \"planner\" key", "JSON of 'schedule' or 'place', or --format NAME");
    }
}
