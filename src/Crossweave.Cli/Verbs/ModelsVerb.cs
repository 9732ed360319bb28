using System.CommandLine;
using Crossweave.Core.Compute;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>What Crossweave knows of models and compute profiles.</summary>
internal static class ModelsVerb
{
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string[]>("model") { Description = "Presets or config.json files. Default: every preset.", Arity = ArgumentArity.ZeroOrMore, HelpName = "MODEL" };
        var dispatch = new Option<string>("--dispatch-format") { Description = "Number format of tokens on the way out.", DefaultValueFactory = _ => "bf16", HelpName = "FORMAT" };
        var combine = new Option<string>("--combine-format") { Description = "Number format on the way back.", DefaultValueFactory = _ => "bf16", HelpName = "FORMAT" };
        var compute = new Option<bool>("--compute") { Description = "Print the compute profiles instead." };
        var json = CommonOptions.Json();
        var command = new Command("models", "Shapes of MoE models: presets and Hugging Face config.json files, with bytes per token.") { model, dispatch, combine, compute, json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(compute)) return Profiles(terminal, parsed.GetValue(json));
            var names = parsed.GetValue(model) ?? [];
            var models = names.Length == 0 ? ModelPresets.All : [.. names.Select(n => ModelPresets.Load(n, "MODEL"))];
            var output = NumberFormat.Parse(parsed.GetValue(dispatch)!, "--dispatch-format");
            var back = NumberFormat.Parse(parsed.GetValue(combine)!, "--combine-format");
            var table = new Table("Models",
            [
                new("model", true), new("hidden"), new("expert size"), new("experts"), new("top-k"), new("MoE layers"), new("first"), new("shared"), new("groups", true),
                new($"dispatch B ({output.Name})"), new($"combine B ({back.Name})"), new("expert"),
            ]);
            var document = new JsonOutput().BeginArray();
            foreach (var m in models)
            {
                var bytes = m.WireBytes(output, back);
                table.Add(m.Name, $"{m.HiddenSize}", $"{m.ExpertSize}", $"{m.ExpertCount}", $"{m.TopK}", $"{m.LayerCount}", $"{m.FirstMoeLayer}", $"{m.SharedExpertCount}",
                    m.GroupCount > 1 ? $"{m.GroupTopK} of {m.GroupCount}" : "", $"{bytes.Dispatch.Value}", $"{bytes.Combine.Value}", ReportText.Count(m.ExpertParameters));
                document.BeginObject().Key("name").Value(m.Name).Key("hiddenSize").Value(m.HiddenSize).Key("expertSize").Value(m.ExpertSize)
                    .Key("experts").Value(m.ExpertCount).Key("topK").Value(m.TopK).Key("layers").Value(m.LayerCount).Key("firstMoeLayer").Value(m.FirstMoeLayer)
                    .Key("sharedExperts").Value(m.SharedExpertCount).Key("groups").Value(m.GroupCount).Key("groupTopK").Value(m.GroupTopK)
                    .Key("isGated").Value(m.IsGated).Key("expertParameters").Value(m.ExpertParameters)
                    .Key("dispatchBytes").Value(bytes.Dispatch.Value).Key("combineBytes").Value(bytes.Combine.Value).End();
            }

            if (terminal.WriteJsonText(parsed.GetValue(json), document.End().ToString()))
            {
                terminal.Write(table);
                if (names.Length == 0) terminal.Out.WriteLine($"Other names: {string.Join(", ", ModelPresets.Aliases.Select(a => $"{a.Alias} = {a.Name}"))}");
            }

            return CommandLine.Done;
        });
        return command;
    }

    private static int Profiles(Terminal terminal, string? json)
    {
        var document = new JsonOutput().BeginArray();
        foreach (var form in ComputeProfiles.All) document.BeginObject().Key("name").Value(form.Syntax).Key("summary").Value(form.Summary).End();
        return terminal.WriteJsonText(json, document.End().ToString()) ? VerbText.List(terminal, ComputeProfiles.All.Select(f => (f.Syntax, f.Summary))) : CommandLine.Done;
    }
}
