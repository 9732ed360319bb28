using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Units;
using Crossweave.Planning.Deployment;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>deploy --previous: is it worth moving from the assignment that runs now?</summary>
internal sealed class DeployMove
{
    private readonly Option<string?> _previous = new("--previous") { Description = "The assignment that runs now (of 'deploy --json', same models and devices): says whether moving to the new one pays.", HelpName = "FILE" };
    private readonly Option<string?> _expertBytes = new("--expert-bytes") { Description = "With --previous: weights of one expert, with unit.", HelpName = "BYTES" };
    private readonly Option<long> _horizon = new("--horizon") { Description = "With --previous: layers until the next plan.", DefaultValueFactory = _ => 10_000, HelpName = "LAYERS" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _previous, _expertBytes, _horizon }) command.Options.Add(option);
    }

    /// <param name="parsed">The command line.</param>
    /// <param name="plan">The new placement.</param>
    /// <param name="models">Its models.</param>
    /// <param name="line">How both are timed.</param>
    /// <param name="tokenBytes">Of --matrix and --trace; null with --instance.</param>
    /// <returns>Null without --previous.</returns>
    public (DeploymentMove Move, long Horizon)? Read(ParseResult parsed, ShardedPlan plan, IReadOnlyList<ShardedModel> models, TimeLine line, Bytes? tokenBytes)
    {
        if (parsed.GetValue(_previous) is not { } path)
        {
            foreach (var option in new Option[] { _expertBytes, _horizon })
                if (parsed.GetResult(option) is { Implicit: false })
                    throw InputException.At(option.Name, "it without --previous", "--previous FILE");
            return null;
        }

        if (tokenBytes is not { } token) throw InputException.At("--previous", "it beside --instance", "--matrix or --trace, whose tokens have bytes");
        var bytes = UnitParser.Bytes(parsed.GetValue(_expertBytes) ?? throw InputException.At("--expert-bytes", "nothing beside --previous", "the weights of one expert, for example 88MB"), "--expert-bytes");
        var horizon = parsed.GetValue(_horizon);
        if (horizon < 1) throw InputException.At("--horizon", $"{horizon}", "at least 1 layer");
        if (plan.LowerBound == 0) throw InputException.At("--previous", "it beside a method without joint placement", "another --method");
        using var file = JsonInput.Open(path);
        var experts = Devices(file.Root["assignment"], [.. models.Select(m => m.ExpertCount)], plan.Devices.DeviceCount);
        var shards = file.Root.Find("shards") is { } list ? Devices(list, [.. models.Select(m => m.ShardCount)], plan.Devices.DeviceCount)
            : [.. models.Select((m, k) => m.Moves == ShardMoves.Together ? experts[k] : plan.DeviceOfShard[k])];
        var before = ShardedDeployment.Evaluate(plan.Devices.Devices, models, line, shards, experts);
        return (DeploymentMove.Of(plan, experts, before, bytes.Value, token.Value), horizon);
    }

    public static string Text(DeploymentMove move, long horizon)
    {
        var text = $"previous: one layer in {ReportText.Time(move.Before)}; moving {ReportText.Count(move.MovedExperts)} experts takes {ReportText.Time(move.MoveTime)} on the busiest port; ";
        if (move.MovedExperts == 0) return text + "nothing changes: stay";
        return text + (move.PaysAfterLayers is not { } layers ? "the new placement is not faster: stay"
            : move.Net(horizon) > 0 ? $"pays after {ReportText.Count(layers)} of {ReportText.Count(horizon)} layers: move"
            : $"would pay after {ReportText.Count(layers)} layers, more than {ReportText.Count(horizon)}: stay");
    }

    public static void Write(JsonOutput json, DeploymentMove move, long horizon)
    {
        json.Key("move").BeginObject().Key("movedExperts").Value(move.MovedExperts).Key("moveTime").Value(move.MoveTime).Key("previousValue").Value(move.Before);
        json.Key("horizonLayers").Value(horizon);
        if (move.PaysAfterLayers is { } layers) json.Key("paysAfterLayers").Value(layers);
        json.Key("pays").Value(move.Net(horizon) > 0).End();
    }

    // [model][item] -> device, from what every device has.
    private static int[][] Devices(JsonInput models, int[] counts, int devices)
    {
        if (models.Length != counts.Length) throw models.Wrong($"one list for each of the {counts.Length} models");
        return [.. models.Items().Select((list, m) => Devices(list, counts[m], devices))];
    }

    private static int[] Devices(JsonInput list, int count, int devices)
    {
        if (list.Length != devices) throw list.Wrong($"one entry for each of the {devices} devices");
        var deviceOf = new int[count];
        Array.Fill(deviceOf, -1);
        foreach (var (device, entry) in list.Items().Index())
        {
            foreach (var value in entry.IsArray ? entry.Items() : [entry])
            {
                var item = value.Int32(0, count - 1);
                if (deviceOf[item] >= 0) throw value.Wrong($"{item} on one device only, not also on {deviceOf[item]}");
                deviceOf[item] = device;
            }
        }

        var missing = Array.IndexOf(deviceOf, -1);
        return missing < 0 ? deviceOf : throw list.Wrong($"{missing} on some device too");
    }
}
