using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Reporting;

namespace Crossweave.Cli.Verbs;

/// <summary>Recorded routing or a placement file in, Crossweave's own file out.</summary>
internal static class ImportVerb
{
    private static readonly Dictionary<string, Action<ExpertLoad, string>> LoadForms = new() { ["weight-json"] = LoadDocument.Write, ["sglang-json"] = SglangLogicalCount.Write };

    public static Command Create(Terminal terminal)
    {
        var path = new Argument<string?>("file") { Description = "File or folder to read.", Arity = ArgumentArity.ZeroOrOne, HelpName = "FILE" };
        var format = new Option<string?>("--format") { Description = "Routing format (recognised when left out) or placement format.", HelpName = "NAME" };
        var experts = new Option<int?>("--experts") { Description = "Logical experts per layer, when the file does not say.", HelpName = "N" };
        var ranks = new Option<int?>("--ranks") { Description = "Ranks, for placement files that list slots only.", HelpName = "N" };
        var dataset = new Option<string?>("--dataset") { Description = "Keep this data set only.", HelpName = "NAME" };
        var recorded = new Option<string?>("--recorded-model") { Description = "Keep this model only.", HelpName = "NAME" };
        var output = new Option<string?>("--out")
        {
            Description = "Where to write: X.ids.npy and companions for single tokens, X (weight JSON) for loads, X (Crossweave placement) for a placement. Nothing is written when left out.",
            HelpName = "X",
        };
        var loadsAs = new Option<string?>("--loads-as") { Description = $"Write the loads to --out in this form, single tokens counted: {string.Join(", ", LoadForms.Keys)}.", HelpName = "FORM" };
        var json = CommonOptions.Json();
        var list = CommonOptions.List("routing and placement formats");
        var reading = new PlacementReading();
        var command = new Command("import", "Read and check recorded routing or a placement file, and convert it to Crossweave's own.")
        {
            path, format, experts, ranks, dataset, recorded, output, loadsAs, json, list,
        };
        reading.AddTo(command, withShape: false);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
            {
                return VerbText.List(terminal, [
                    .. Importers.All.Select(i => (i.Name, "routing: " + i.Summary)), .. PlacementFormats.All.Select(f => (f.Name, "placement: " + f.Summary)),
                ]);
            }

            var file = parsed.GetValue(path) ?? throw InputException.At("FILE", "nothing", "a file to read, or --list");
            var document = new JsonOutput().BeginObject().Key("file").Value(Path.GetFileName(file));
            var target = parsed.GetValue(output);
            var form = Form(parsed.GetValue(loadsAs), target);
            string text;
            if (PlacementFormatFor(parsed.GetValue(format), file) is { } placementFormat)
            {
                foreach (var option in new Option[] { dataset, recorded, loadsAs })
                    if (parsed.GetResult(option) is not null) throw InputException.At(option.Name, "a placement", "recorded routing");
                var placement = placementFormat.Read(file, reading.Read(parsed, parsed.GetValue(ranks), parsed.GetValue(experts)));
                if (target is not null) PlacementFormats.Find("crossweave", "--out").Write(placement, target);
                document.Key("kind").Value("placement").Key("layers").Value(placement.Layers.Count).Key("experts").Value(placement.ExpertCount).Key("ranks").Value(placement.RankCount);
                text = $"placement: {placement.Layers.Count} layers, {placement.ExpertCount} experts, {placement.RankCount} ranks, {placement.Layers[0].SlotCount} slots in the first layer";
            }
            else
            {
                foreach (var option in (Option[])[ranks, .. reading.Added])
                    if (parsed.GetResult(option) is not null) throw InputException.At(option.Name, "recorded routing", "a placement, or --format with a placement's name");
                var recording = Importers.Open(file, parsed.GetValue(format), new ImportOptions(parsed.GetValue(experts), parsed.GetValue(dataset), parsed.GetValue(recorded)));
                text = Describe(recording, document, target, form);
            }

            if (terminal.WriteJsonText(parsed.GetValue(json), document.End().ToString()))
                terminal.Out.WriteLine($"{file}: {text}{(target is null ? "" : $"; written to {target}")}");
            return CommandLine.Done;
        });
        return command;
    }

    /// <summary>Some names are both: 'tensorrt-llm' is a folder of recorded statistics or a placement file.</summary>
    private static IPlacementFormat? PlacementFormatFor(string? name, string file)
    {
        var format = PlacementFormats.All.FirstOrDefault(f => f.Name == name);
        var isRouting = Importers.All.Any(i => i.Name == name) && (Directory.Exists(file) || Importers.Find(name!, "--format").Recognises(file));
        return isRouting ? null : format;
    }

    private static Action<ExpertLoad, string>? Form(string? name, string? target)
    {
        if (name is null) return null;
        if (target is null) throw InputException.At("--loads-as", "it without --out", "a file to write");
        return LoadForms.GetValueOrDefault(name) ?? throw InputException.At("--loads-as", $"'{name}'", $"one of {string.Join(", ", LoadForms.Keys)}");
    }

    private static string Describe(Recording recording, JsonOutput document, string? target, Action<ExpertLoad, string>? form)
    {
        if (recording.Trace is { } tokens && form is not null)
            using (tokens)
                recording = new Recording(null, LoadCounter.Count(tokens));
        if (recording.Trace is { } trace)
        {
            using (trace)
            {
                using var progress = TerminalProgress.ForStandardError();
                if (target is not null) NpyTraceWriter.Write(trace, target, progress);
                document.Key("kind").Value("trace").Key("tokens").Value(trace.TokenCount).Key("layers").Value(trace.LayerCount).Key("experts").Value(trace.ExpertCount)
                    .Key("topK").Value(trace.TopK).Key("sequences").Value(trace.Sequences.Count).Key("hasWeights").Value(trace.HasWeights).Key("hasSourceRanks").Value(trace.HasSourceRanks);
                return $"{trace.TokenCount} tokens in {trace.Sequences.Count} sequences, {trace.LayerCount} layers, {trace.ExpertCount} experts, top-{trace.TopK}";
            }
        }

        var load = recording.Load!;
        if (target is not null) (form ?? LoadDocument.Write)(load, target);
        document.Key("kind").Value("loads").Key("layers").Value(load.LayerCount).Key("experts").Value(load.ExpertCount);
        return $"loads of {load.LayerCount} layers, {load.ExpertCount} experts";
    }
}
