using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.IO;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// Writes any trace in this program's own layout, block by block: <c>X.ids.npy</c> (uint8 up to 256 experts, else uint16),
/// <c>X.sequences.csv</c>, <c>X.meta.json</c> (experts, layerIds), and where the trace has them <c>X.weights_e4.npy</c>
/// (weight x 10^4, uint16) and <c>X.source_ranks.npy</c> (int32). Older companions that no longer apply are deleted.
/// </summary>
public static class NpyTraceWriter
{
    private const int BlockChoices = 1 << 20;

    /// <exception cref="InputException">A file cannot be written, or a weight does not fit 10^-4 steps in 16 bits.</exception>
    public static void Write(RoutingTrace trace, string pathPrefix, IWorkProgress? progress = null)
    {
        AtomicFile.Write(pathPrefix + ".ids.npy", stream => WriteIds(trace, stream, progress));
        AtomicFile.WriteAllText(pathPrefix + ".sequences.csv", SequenceCsv.Text(trace.Sequences));
        AtomicFile.WriteAllText(pathPrefix + ".meta.json", Meta(trace));
        WriteOrDelete(trace.HasWeights, pathPrefix + ".weights_e4.npy", stream => WriteWeights(trace, stream, pathPrefix));
        WriteOrDelete(trace.HasSourceRanks, pathPrefix + ".source_ranks.npy", stream => WriteRanks(trace, stream));
    }

    private static void WriteOrDelete(bool exists, string path, Action<Stream> write)
    {
        if (exists) AtomicFile.Write(path, write);
        else if (File.Exists(path)) File.Delete(path);
    }

    private static int TokensPerBlock(RoutingTrace trace) => Math.Max(1, BlockChoices / (trace.LayerCount * trace.TopK));

    private static void WriteIds(RoutingTrace trace, Stream stream, IWorkProgress? progress)
    {
        var isNarrow = trace.ExpertCount <= 256;
        stream.Write(NpyHeader.Bytes(isNarrow ? ElementType.UInt8 : ElementType.UInt16, trace.TokenCount, trace.LayerCount, trace.TopK));
        var perToken = trace.LayerCount * trace.TopK;
        var block = TokensPerBlock(trace);
        var experts = new ushort[Math.Min(block, trace.TokenCount) * perToken];
        var bytes = new byte[isNarrow ? experts.Length : 0];
        for (var first = 0; first < trace.TokenCount; first += block)
        {
            progress?.Report("writing tokens", first, trace.TokenCount);
            var tokens = Math.Min(block, trace.TokenCount - first);
            var values = experts.AsSpan(0, tokens * perToken);
            trace.ReadExperts(first, tokens, values);
            if (!isNarrow)
            {
                stream.Write(MemoryMarshal.AsBytes(values));
                continue;
            }

            for (var i = 0; i < values.Length; i++) bytes[i] = (byte)values[i];
            stream.Write(bytes, 0, values.Length);
        }
    }

    private static void WriteWeights(RoutingTrace trace, Stream stream, string where)
    {
        var (layers, k) = (trace.LayerCount, trace.TopK);
        stream.Write(NpyHeader.Bytes(ElementType.UInt16, trace.TokenCount, layers, k));
        var block = TokensPerBlock(trace);
        var stored = new ushort[Math.Min(block, trace.TokenCount) * layers * k];
        var weights = new float[Math.Min(block, trace.TokenCount) * k];
        for (var first = 0; first < trace.TokenCount; first += block)
        {
            var tokens = Math.Min(block, trace.TokenCount - first);
            for (var layer = 0; layer < layers; layer++)
            {
                trace.ReadWeights(layer, first, tokens, weights);
                for (var i = 0; i < tokens * k; i++)
                {
                    var steps = Math.Round(weights[i] * 10_000.0);
                    if (!(steps >= 0 && steps <= ushort.MaxValue))
                        throw InputException.At($"{where}: token {first + (i / k)}, layer index {layer}, choice {i % k}", $"weight {weights[i]}", "a weight in [0, 6.5535]");
                    stored[(((i / k * layers) + layer) * k) + (i % k)] = (ushort)steps;
                }
            }

            stream.Write(MemoryMarshal.AsBytes(stored.AsSpan(0, tokens * layers * k)));
        }
    }

    private static void WriteRanks(RoutingTrace trace, Stream stream)
    {
        stream.Write(NpyHeader.Bytes(ElementType.Int32, trace.TokenCount));
        var ranks = new int[Math.Min(BlockChoices, trace.TokenCount)];
        for (var first = 0; first < trace.TokenCount; first += ranks.Length)
        {
            var tokens = Math.Min(ranks.Length, trace.TokenCount - first);
            trace.ReadSourceRanks(first, tokens, ranks);
            stream.Write(MemoryMarshal.AsBytes(ranks.AsSpan(0, tokens)));
        }
    }

    private static string Meta(RoutingTrace trace)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{{\"experts\": {trace.ExpertCount}, \"layerIds\": [{string.Join(", ", trace.LayerIds)}]}}\n");
        return text.ToString();
    }
}
