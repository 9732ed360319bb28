using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Models;
using Crossweave.Core.Pipeline;
using Crossweave.Core.Placement;
using Crossweave.Core.Units;

namespace Crossweave.Cli.Verbs;

/// <summary>What moving experts costs and how long a move must last (balancing spec 3.13).</summary>
/// <param name="when">Said before every description: "With --previous: ".</param>
internal sealed class MigrationOptions(string when)
{
    private readonly Option<string?> _expertBytes = new("--expert-bytes") { Description = $"{when}Weights of one expert, with unit (44MB). Default: the model's parameters in bf16.", HelpName = "BYTES" };
    private readonly Option<string?> _bandwidth = new("--move-bandwidth") { Description = $"{when}Rate at which a rank fetches weights, with unit. Default: the slowest port.", HelpName = "RATE" };
    private readonly Option<double> _overlap = new("--move-overlap") { Description = $"{when}Share of the fetches hidden behind computation.", DefaultValueFactory = _ => 0, HelpName = "F" };
    private readonly Option<string> _stop = new("--move-stop") { Description = $"{when}Exposed time of planning and stopping, once per move, with unit.", DefaultValueFactory = _ => "0ns", HelpName = "TIME" };
    private readonly Option<double> _horizon = new("--horizon") { Description = $"{when}Batches until the next decision; a move must pay within them.", DefaultValueFactory = _ => 1000, HelpName = "N" };
    private readonly Option<double> _confidence = new("--confidence") { Description = $"{when}Share of a predicted saving that is believed.", DefaultValueFactory = _ => 0.5, HelpName = "F" };

    private IEnumerable<Option> All => [_expertBytes, _bandwidth, _overlap, _stop, _horizon, _confidence];

    public void AddTo(Command command, bool withHorizon = true)
    {
        foreach (var option in All)
            if (withHorizon || option != _horizon)
                command.Options.Add(option);
    }

    /// <summary>Null without a running placement, where none of the options may be given.</summary>
    public MigrationRules? Read(ParseResult parsed, ModelDescription model, Fabric fabric, bool isRunning)
    {
        if (isRunning)
        {
            var horizon = parsed.GetValue(_horizon);
            if (horizon is not (> 0 and <= 1e15)) throw InputException.At("--horizon", FormattableString.Invariant($"{horizon}"), "a number above 0");
            return new MigrationRules(Costs(parsed, model.ExpertParameters * 2.0, Enumerable.Range(0, fabric.RankCount).Min(fabric.ReceiveRate)), new MigrationHorizon(horizon, Confidence(parsed)));
        }

        return All.FirstOrDefault(o => parsed.GetResult(o) is { Implicit: false }) is { } stray ? throw InputException.At(stray.Name, "it without --previous", "--previous beside it") : null;
    }

    public MigrationCosts Costs(ParseResult parsed, double expertBytes, Bandwidth rate)
    {
        var overlap = parsed.GetValue(_overlap);
        if (overlap is not (>= 0 and <= 1)) throw InputException.At("--move-overlap", FormattableString.Invariant($"{overlap}"), "a number from 0 to 1");
        return new MigrationCosts
        {
            ExpertBytes = parsed.GetValue(_expertBytes) is { } text ? UnitParser.Bytes(text, "--expert-bytes").Value : expertBytes,
            BytesPerSecond = (parsed.GetValue(_bandwidth) is { } given ? UnitParser.Bandwidth(given, "--move-bandwidth") : rate).BitsPerSecond / 8.0,
            Overlap = overlap,
            SecondsPerRearrangement = UnitParser.Time(parsed.GetValue(_stop)!, "--move-stop").Picoseconds / 1e12,
        };
    }

    public double Confidence(ParseResult parsed) => parsed.GetValue(_confidence) is var c && c is > 0 and <= 1
        ? c
        : throw InputException.At("--confidence", FormattableString.Invariant($"{c}"), "a number above 0 and at most 1");
}
