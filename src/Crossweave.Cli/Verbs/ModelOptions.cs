using System.CommandLine;
using Crossweave.Core.Models;

namespace Crossweave.Cli.Verbs;

/// <summary>The model and its number formats.</summary>
internal sealed class ModelOptions
{
    private readonly Option<string?> _model = new("--model") { Description = "Preset ('crossweave models') or a Hugging Face config.json.", HelpName = "M" };

    private readonly Option<string> _dispatch = new("--dispatch-format")
    {
        Description = $"Number format of tokens on the way out: {string.Join(", ", NumberFormat.All.Select(f => f.Name))}.",
        DefaultValueFactory = _ => "bf16",
        HelpName = "FORMAT",
    };

    private readonly Option<string> _combine = new("--combine-format") { Description = "Number format on the way back.", DefaultValueFactory = _ => "bf16", HelpName = "FORMAT" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _model, _dispatch, _combine }) command.Options.Add(option);
    }

    public ModelDescription? Read(ParseResult parsed) => parsed.GetValue(_model) is { } model ? ModelPresets.Load(model) : null;

    public TokenWireBytes WireBytes(ParseResult parsed, ModelDescription model) =>
        model.WireBytes(NumberFormat.Parse(parsed.GetValue(_dispatch)!, "--dispatch-format"), NumberFormat.Parse(parsed.GetValue(_combine)!, "--combine-format"));
}
