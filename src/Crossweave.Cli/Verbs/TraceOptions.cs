using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
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

    /// <summary>A trace with single tokens.</summary>
    /// <exception cref="InputException">The recording holds loads only, or several files do not fit together.</exception>
    public RoutingTrace ReadTrace(ParseResult parsed, ModelDescription? model = null)
    {
        var parts = Paths(parsed).Select(path => Open(parsed, path, model).Trace ?? throw InputException.At(path, "expert loads only", "a recording of single tokens")).ToList();
        var trace = parts.Count == 1 ? parts[0] : new ConcatenatedTrace(parts, [.. Paths(parsed).Select(DomainName)]);
        if (model is null) return trace;
        if (trace.TopK != model.TopK) throw InputException.At("--model", $"{model.Name} with top-{model.TopK}", $"a model with the trace's top-{trace.TopK}");
        return trace;
    }

    /// <summary>Loads from any recording; tokens are counted.</summary>
    public ExpertLoad ReadLoads(ParseResult parsed, string path)
    {
        if (parsed.GetValue(_format) is null && IsLoadDocument(path)) return LoadDocument.Read(path);
        var recording = Open(parsed, path, null);
        using var trace = recording.Trace;
        return recording.Load ?? LoadCounter.Count(trace!);
    }

    public Recording Open(ParseResult parsed, string path, ModelDescription? model) =>
        Importers.Open(path, parsed.GetValue(_format), new ImportOptions(parsed.GetValue(_experts) ?? model?.ExpertCount, parsed.GetValue(_dataset), parsed.GetValue(_recorded)));

    /// <summary>"translation" of ".../translation.ids.npy".</summary>
    internal static string DomainName(string path)
    {
        var name = Path.GetFileName(path.TrimEnd('/'));
        return name.Contains('.') ? name[..name.IndexOf('.')] : name;
    }

    private static bool IsLoadDocument(string path)
    {
        if (!path.EndsWith(".json", StringComparison.Ordinal) || !File.Exists(path)) return false;
        Span<char> head = stackalloc char[64];
        using var reader = new StreamReader(path);
        var read = reader.ReadBlock(head);
        return head[..read].ToString().Replace(" ", "").Replace("\n", "").Replace("\r", "").StartsWith("{\"weight\":", StringComparison.Ordinal);
    }
}
