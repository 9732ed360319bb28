using System.CommandLine;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Hypergraphs;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// A placement out of Crossweave into the file a serving system loads, read back and compared before it counts as written; or one layer of a recording as
/// hypergraph for a partitioner.
/// </summary>
internal static class ExportVerb
{
    private const string Hypergraph = "hmetis";

    public static Command Create(Terminal terminal)
    {
        var placement = new Argument<string?>("placement") { Description = "A Crossweave placement, or a file in --from format.", Arity = ArgumentArity.ZeroOrOne, HelpName = "PLACEMENT" };
        var format = new Option<string?>("--format") { Description = $"Target: {string.Join(", ", PlacementFormats.All.Select(f => f.Name))}; with --trace: {Hypergraph}.", HelpName = "NAME" };
        var from = new Option<string>("--from") { Description = "Format of the input.", DefaultValueFactory = _ => "crossweave", HelpName = "NAME" };
        var output = new Option<string?>("--out") { Description = "File to write. Default: the format's usual name in the current folder.", HelpName = "FILE" };
        var trace = new Option<string?>("--trace") { Description = "Single tokens instead of a placement: one layer as hypergraph, experts as vertices, tokens as nets.", HelpName = "TRACE" };
        var layer = new Option<int>("--layer") { Description = "With --trace: the layer of the recording, by position.", HelpName = "L" };
        var loads = new Option<bool>("--vertex-weights") { Description = "With --trace: loads of the experts as vertex weights." };
        var reading = new PlacementReading();
        var json = CommonOptions.Json();
        var list = CommonOptions.List("placement formats");
        var command = new Command("export", "Write a placement file that SGLang, vLLM, vllm-ascend, TensorRT-LLM or omni-infer loads, or a hypergraph for a partitioner.") { placement, format, from, output, trace, layer, loads };
        reading.AddTo(command);
        foreach (var option in new Option[] { json, list }) command.Options.Add(option);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list)) return VerbText.List(terminal, PlacementFormats.All.Select(f => (f.Name, f.Summary)));
            if (parsed.GetValue(trace) is { } recording)
            {
                if (parsed.GetValue(placement) is not null) throw Core.InputException.At("--trace", "also a placement", "one of the two");
                if (parsed.GetValue(format) is not Hypergraph) throw Core.InputException.At("--format", $"'{parsed.GetValue(format)}' with --trace", Hypergraph);
                using var tokens = TraceOptions.OpenTrace([recording], null, new ImportOptions(reading.Read(parsed).ExpertCount));
                return Hmetis(terminal, tokens, parsed.GetValue(layer), parsed.GetValue(output) ?? $"layer-{parsed.GetValue(layer)}.hgr", parsed.GetValue(loads), parsed.GetValue(json));
            }

            foreach (var option in new Option[] { layer, loads })
                if (parsed.GetResult(option) is { Implicit: false })
                    throw Core.InputException.At(option.Name, "it without --trace", "--trace beside it");
            var path = parsed.GetValue(placement) ?? throw Core.InputException.At("PLACEMENT", "nothing", "a placement file");
            var target = PlacementFormats.Find(VerbText.Need(parsed, format), "--format");
            var source = PlacementFormats.Find(parsed.GetValue(from)!, "--from").Read(path, reading.Read(parsed));
            var file = parsed.GetValue(output) ?? target.DefaultFileName;
            target.Write(source, file);
            var back = target.Read(file, new PlacementReadOptions(source.RankCount, source.ExpertCount, source.LayerIds, source.Layers.Count));
            if (!SameSlots(source, back)) throw new InvalidOperationException($"{file}: reads back differently from what was written");
            var document = new JsonOutput().BeginObject().Key("file").Value(file).Key("format").Value(target.Name).Key("layers").Value(source.Layers.Count)
                .Key("experts").Value(source.ExpertCount).Key("ranks").Value(source.RankCount).End().ToString();
            if (terminal.WriteJsonText(parsed.GetValue(json), document))
                terminal.Out.WriteLine($"{file}: {source.Layers.Count} layers, {source.ExpertCount} experts on {source.RankCount} ranks, {(target.KeepsSlotOrder ? "read back unchanged" : "read back with the same experts on every rank (the format has no slot order)")}. {target.Summary}");
            return CommandLine.Done;
        });
        return command;
    }

    private static int Hmetis(Terminal terminal, RoutingTrace tokens, int layer, string file, bool withLoads, string? json)
    {
        VerbText.InRange(layer, 0, tokens.LayerCount - 1, "--layer");
        var nets = HmetisFile.Write(TokenSets.Of(tokens, layer), file, withLoads);
        var document = new JsonOutput().BeginObject().Key("file").Value(file).Key("format").Value(Hypergraph).Key("layer").Value(layer)
            .Key("experts").Value(tokens.ExpertCount).Key("tokens").Value(tokens.TokenCount).Key("nets").Value(nets).End().ToString();
        if (terminal.WriteJsonText(json, document))
            terminal.Out.WriteLine($"{file}: layer {layer}, {tokens.ExpertCount} vertices (experts), {nets} nets ({tokens.TokenCount} tokens{(withLoads ? ", loads as vertex weights" : "")}). C_T = 1 + km1 / tokens; read the partition back with import --format partition.");
        return CommandLine.Done;
    }

    /// <summary>The same experts on every rank; formats that list experts per rank without an order may permute a rank's slots.</summary>
    private static bool SameSlots(ExpertPlacement a, ExpertPlacement b)
    {
        if (a.Layers.Count != b.Layers.Count || a.RankCount != b.RankCount || a.ExpertCount != b.ExpertCount) return false;
        for (var l = 0; l < a.Layers.Count; l++)
            for (var r = 0; r < a.RankCount; r++)
                if (!a.Layers[l].ExpertsOnRank(r).ToArray().Order().SequenceEqual(b.Layers[l].ExpertsOnRank(r).ToArray().Order()))
                    return false;
        return true;
    }
}

/// <summary>What a placement file may leave open, as flags.</summary>
internal sealed class PlacementReading
{
    private readonly Option<int?> _ranks = new("--ranks") { Description = "Ranks, for placement files that list slots only.", HelpName = "N" };

    private readonly Option<int?> _experts = new("--experts") { Description = "Logical experts, when the file does not say (default: the largest id + 1).", HelpName = "N" };

    private readonly Option<int?> _layers = new("--layers") { Description = "Layers, for a flat list that repeats for all of them.", HelpName = "N" };

    private readonly Option<string?> _layerIds = new("--layer-ids")
    {
        Description = "Model layer numbers of the placed layers, for example 3-60: SGLang files have rows for the dense layers too, other files do not say.",
        HelpName = "A-B,C",
    };

    /// <param name="command">Where to add them.</param>
    /// <param name="withShape">False where --ranks and --experts exist already.</param>
    public void AddTo(Command command, bool withShape = true)
    {
        Added = withShape ? [_ranks, _experts, _layers, _layerIds] : [_layers, _layerIds];
        foreach (var option in Added) command.Options.Add(option);
    }

    /// <summary>What <see cref="AddTo"/> added.</summary>
    public IReadOnlyList<Option> Added { get; private set; } = [];

    public PlacementReadOptions Read(ParseResult parsed) => Read(parsed, parsed.GetValue(_ranks), parsed.GetValue(_experts));

    public PlacementReadOptions Read(ParseResult parsed, int? ranks, int? experts) =>
        new(ranks, experts, parsed.GetValue(_layerIds) is { } ids ? Numbers(ids) : null, parsed.GetValue(_layers));

    private static int[] Numbers(string text)
    {
        var numbers = new List<int>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !int.TryParse(ends[0], out var first) || !int.TryParse(ends[^1], out var last) || first < 0 || last < first || last > 100_000)
                throw Core.InputException.At("--layer-ids", $"'{part}'", "layer numbers such as 3-60 or 0,2,4");
            numbers.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return [.. numbers];
    }
}
