using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Every importer of recorded routing; a new one is one file and one line here.</summary>
public static class Importers
{
    public static readonly IReadOnlyList<IRoutingImporter> All = [];
}
