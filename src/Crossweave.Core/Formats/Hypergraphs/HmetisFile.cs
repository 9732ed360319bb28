using System.Globalization;
using System.Text;
using Crossweave.Core.IO;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Hypergraphs;

/// <summary>
/// One layer's routing as hypergraph in hMETIS text, for partitioners (execution spec 2.4): experts are vertices, counted from 1; equal tokens are one net
/// with their number as weight. Then connectivity minus one (km1) of a partition, over the tokens, plus one is C_T. Nets of one vertex are left out.
/// First line <c>nets vertices fmt</c> with fmt 1 (net weights) or 11 (and vertex weights); a line per net: weight, vertices; then a line per vertex weight.
/// </summary>
public static class HmetisFile
{
    /// <param name="sets">The layer.</param>
    /// <param name="path">File to write.</param>
    /// <param name="withLoads">Tokens of each expert as vertex weights, for a cap on load; without them every expert weighs the same.</param>
    /// <returns>Nets written.</returns>
    public static int Write(TokenSets sets, string path, bool withLoads)
    {
        var text = new StringBuilder();
        var nets = 0;
        for (var s = 0; s < sets.Count; s++)
        {
            if (sets.Experts(s).Length < 2) continue;
            nets++;
            text.Append(CultureInfo.InvariantCulture, $"{sets.Weight(s)}");
            foreach (var e in sets.Experts(s)) text.Append(CultureInfo.InvariantCulture, $" {e + 1}");
            text.Append('\n');
        }

        for (var e = 0; withLoads && e < sets.ExpertCount; e++) text.Append(CultureInfo.InvariantCulture, $"{sets.Load(e)}\n");
        AtomicFile.WriteAllText(path, $"{nets} {sets.ExpertCount} {(withLoads ? 11 : 1)}\n{text}");
        return nets;
    }
}
