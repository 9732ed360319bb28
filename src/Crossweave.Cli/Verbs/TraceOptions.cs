using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Models;
using Crossweave.Core.Routing;

namespace Crossweave.Cli.Verbs;

/// <summary>How recorded routing is named and read on every verb.</summary>
internal sealed class TraceOptions(bool withPath = true)
{
    private readonly Argument<string[]> _paths = new("trace")
    {
        Description = "Recorded routing: one or several files of the same model (several are joined, each one a domain).",
        Arity = ArgumentArity.OneOrMore,
        HelpName = "TRACE",
    };

    private readonly Option<string?> _format = new("--format") { Description = "Format of the recording; recognised when left out ('crossweave import --list').", HelpName = "NAME" };

    private readonly Option<int?> _experts = new("--experts") { Description = "Logical experts per layer, when the file does not say.", HelpName = "N" };

    private readonly Option<string?> _dataset = new("--dataset") { Description = "Keep this data set only (files with such a column).", HelpName = "NAME" };

    private readonly Option<string?> _recorded = new("--recorded-model") { Description = "Keep this model only (files with such a column).", HelpName = "NAME" };

    public void AddTo(Command command)
    {
        if (withPath) command.Arguments.Add(_paths);
        foreach (var option in new Option[] { _format, _experts, _dataset, _recorded }) command.Options.Add(option);
    }

    public IReadOnlyList<string> Paths(ParseResult parsed) => parsed.GetValue(_paths) ?? [];

    /// <summary>File names without folders, for titles.</summary>
    public string Title(ParseResult parsed) => string.Join(" + ", Paths(parsed).Select(p => Path.GetFileName(p.TrimEnd('/'))));

    /// <summary>A trace with single tokens; several files are joined.</summary>
    /// <exception cref="InputException">A recording of loads only, files that do not fit together, or another model's trace.</exception>
    public RoutingTrace ReadTrace(ParseResult parsed, ModelDescription? model = null)
    {
        var paths = Paths(parsed);
        var trace = OpenTrace(paths, parsed.GetValue(_format), Import(parsed, model));
        if (model is null || trace.TopK == model.TopK) return trace;
        throw InputException.At("--model", $"{model.Name} with top-{model.TopK}", $"a model with the trace's top-{trace.TopK}");
    }

    /// <summary>One file or folder with single tokens.</summary>
    public RoutingTrace ReadTrace(ParseResult parsed, string path) => OpenTrace([path], parsed.GetValue(_format), Import(parsed, null));

    /// <summary>Loads from any recording; tokens are counted.</summary>
    public ExpertLoad ReadLoads(ParseResult parsed, string path)
    {
        var recording = Importers.Open(path, parsed.GetValue(_format), Import(parsed, null));
        using var trace = recording.Trace;
        return recording.Load ?? LoadCounter.Count(trace!);
    }

    /// <summary>Files that must hold single tokens.</summary>
    public static RoutingTrace OpenTrace(IReadOnlyList<string> paths, string? format, ImportOptions options) =>
        Importers.OpenAll(paths, format, options).Trace ?? throw InputException.At(paths[0], "expert loads only", "a recording of single tokens");

    private ImportOptions Import(ParseResult parsed, ModelDescription? model) =>
        new(parsed.GetValue(_experts) ?? model?.ExpertCount, parsed.GetValue(_dataset), parsed.GetValue(_recorded));
}
