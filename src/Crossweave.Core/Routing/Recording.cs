namespace Crossweave.Core.Routing;

/// <summary>What an importer found: a trace with single tokens, or expert loads only.</summary>
/// <param name="Trace">Null when the file holds loads only.</param>
/// <param name="Load">Null when the file holds single tokens (count it with <c>LoadCounter</c>).</param>
public sealed record Recording(RoutingTrace? Trace, ExpertLoad? Load);

/// <summary>What the person said about a file that the file itself may not say.</summary>
/// <param name="ExpertCount">Logical experts; null = as the file says, or the largest id + 1 rounded up to a multiple of 4.</param>
/// <param name="Dataset">Keep rows of this data set only, for CSV files with such a column.</param>
/// <param name="Model">Keep rows of this model only, for CSV files with such a column.</param>
public sealed record ImportOptions(int? ExpertCount = null, string? Dataset = null, string? Model = null);

/// <summary>Reads one format of recorded routing. Registered in <c>Importers.All</c>.</summary>
public interface IRoutingImporter
{
    /// <summary>Name for --format, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for --list and the docs: files, shapes, source system.</summary>
    string Summary { get; }

    /// <summary>Whether the path looks like this format (name, magic bytes, first keys); reads little and never throws on content.</summary>
    bool Recognises(string path);

    /// <exception cref="InputException">The file is not a valid one: names file, position, value and expectation.</exception>
    Recording Import(string path, ImportOptions options);
}
