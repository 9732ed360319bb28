using System.CommandLine;
using System.Text;
using Crossweave.Cli.Studies;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// Reruns a study of experiments/: scenario.json in, the tables of expected.md out, byte for byte. What a scenario may hold is
/// <see cref="StudyKinds.All"/>; most need data that is not in the repository, and say so when that is absent.
/// </summary>
internal static class ExperimentVerb
{
    public static Command Create(Terminal terminal)
    {
        var folder = new Argument<string>("folder") { Description = "Folder of the study, for example experiments/real-routing.", HelpName = "FOLDER" };
        var data = new Option<string>("--data") { Description = "Folder with the recordings that the study names.", DefaultValueFactory = _ => Path.Combine("..", "shared", "data"), HelpName = "DIR" };
        var check = new Option<bool>("--check") { Description = "Compare with expected.md instead of rewriting it; exit code 3 when they differ." };
        var json = CommonOptions.Json();
        var command = new Command("experiment", "Rerun a study and write (or check) its expected.md.") { folder, data, check, json };
        command.SetAction(parsed =>
        {
            var path = parsed.GetValue(folder)!;
            using var file = JsonInput.Open(Path.Combine(path, "scenario.json"));
            file.Root.AllowOnly(["title", "about", "options", .. StudyKinds.All.Select(s => s.Key)]);
            var root = parsed.GetValue(data)!;
            var text = Run(file.Root, path, root);
            var expected = Path.Combine(path, "expected.md");
            if (!parsed.GetValue(check))
            {
                AtomicFile.WriteAllText(expected, text);
                Print(terminal, parsed.GetValue(json), expected, "written");
                return CommandLine.Done;
            }

            var same = File.Exists(expected) && File.ReadAllText(expected) == text;
            Print(terminal, parsed.GetValue(json), expected, same ? "reproduced byte for byte" : "differs");
            return same ? CommandLine.Done : CommandLine.Infeasible;
        });
        return command;
    }

    private static void Print(Terminal terminal, string? target, string file, string outcome)
    {
        if (terminal.WriteJsonText(target, new JsonOutput().BeginObject().Key("file").Value(file.Replace('\\', '/')).Key("outcome").Value(outcome).End().ToString()))
            terminal.Out.WriteLine($"{file}: {outcome}");
    }

    private static string Run(JsonInput scenario, string folder, string data)
    {
        using var progress = TerminalProgress.ForStandardError();
        var text = new StringBuilder($"# {scenario["title"].Text()}\n\n{scenario["about"].Text()}\n");
        var options = scenario.Find("options")?.Items().Select(o => o.Text()).ToArray() ?? [];
        if (options.Length > 0) text.Append($"\nEvery run: `{string.Join(' ', options)}`.\n");
        var context = new StudyContext(folder, data, options, progress);
        foreach (var study in StudyKinds.All)
            foreach (var entry in scenario.Find(study.Key)?.Items() ?? [])
                text.Append(study.Section(entry, context));
        return text.ToString();
    }
}
