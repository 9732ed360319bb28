using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crossweave.Core.Routing.Statistics;

/// <summary>
/// The inner loops of the census, one instance per thread. A block is read once for all layers and counted layer by layer, so
/// that the pair matrix of one layer stays in the cache. Ranks reached are counted for eight bits at a time: a byte of the mask
/// is spread into eight byte-wide counters by one table look-up and one addition, emptied before they can overflow.
/// </summary>
internal sealed class BlockCounter
{
    private static readonly ulong[] Spread = SpreadTable();

    private readonly RoutingTrace _trace;
    private readonly RoutingCensus _census;
    private readonly CensusPlan _plan;
    private readonly RankTables _tables;
    private readonly int[][]? _pairs;
    private readonly int[] _load;
    private readonly long[] _bits; // [word, layer, 64]
    private readonly long[][][] _copies;
    private readonly long[][][] _rows;
    private ushort[] _ids = [];
    private int[] _stamps = [];
    private int _stamp;

    public BlockCounter(RoutingTrace trace, RoutingCensus census, CensusPlan plan, RankTables tables)
    {
        _trace = trace;
        _census = census;
        _plan = plan;
        _tables = tables;
        _load = new int[trace.ExpertCount];
        _bits = new long[tables.Masks.Length * trace.LayerCount * 64];
        _copies = [.. plan.Placements.Select(p => Empty(p.RankCount))];
        _rows = [.. plan.Placements.Select(p => Empty(p.RankCount))];
        if (!plan.Pairs) return;
        _pairs = new int[trace.LayerCount][];
        for (var l = 0; l < _pairs.Length; l++) _pairs[l] = new int[trace.ExpertCount * trace.ExpertCount];
    }

    public void Count(TokenBlock block)
    {
        var (layers, k) = (_trace.LayerCount, _trace.TopK);
        var length = block.Count * layers * k;
        if (_ids.Length < length) _ids = new ushort[length];
        _trace.ReadExperts(block.First, block.Count, _ids.AsSpan(0, length));
        for (var layer = 0; layer < layers; layer++)
        {
            CountLoads(block, layer);
            if (_pairs is not null) CountPairs(block, layer); // ids were checked by CountLoads
            for (var w = 0; w < _tables.Masks.Length; w++) CountRanks(block, layer, w);
            foreach (var p in _tables.Stamped) CountStamped(block, layer, p);
        }
    }

    /// <summary>Adds what this thread has counted to the census; the caller holds its lock.</summary>
    public void Flush()
    {
        for (var l = 0; l < _trace.LayerCount; l++)
        {
            if (_pairs is not null)
                for (var i = 0; i < _pairs[l].Length; i++)
                    _census.Pairs![l][i] += _pairs[l][i];
            foreach (var s in _tables.Segments)
                for (var r = 0; r < s.Ranks; r++)
                    _census.Copies[s.Placement][l][r] += _bits[(((s.Word * _trace.LayerCount) + l) * 64) + s.Bit + r];
            foreach (var p in _tables.Stamped)
                for (var r = 0; r < _copies[p][l].Length; r++)
                {
                    _census.Copies[p][l][r] += _copies[p][l][r];
                    _census.Rows[p][l][r] += _rows[p][l][r];
                }
        }
    }

    private void CountLoads(TokenBlock block, int layer)
    {
        var (k, stride) = (_trace.TopK, _trace.LayerCount * _trace.TopK);
        var load = _load.AsSpan();
        load.Clear();
        for (int t = 0, at = layer * k; t < block.Count; t++, at += stride)
            foreach (var expert in _ids.AsSpan(at, k))
                load[expert]++;
        var target = _census.SegmentLoads.AsSpan(((block.Segment * _trace.LayerCount) + layer) * load.Length, load.Length);
        for (var e = 0; e < load.Length; e++)
            if (load[e] != 0)
                Interlocked.Add(ref target[e], load[e]);
    }

    private void CountPairs(TokenBlock block, int layer)
    {
        var (k, stride, experts) = (_trace.TopK, _trace.LayerCount * _trace.TopK, _trace.ExpertCount);
        ref var pairs = ref MemoryMarshal.GetArrayDataReference(_pairs![layer]);
        ref var chosen = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_ids), layer * k);
        for (var t = 0; t < block.Count; t++)
        {
            for (var a = 0; a < k - 1; a++)
            {
                ref var row = ref Unsafe.Add(ref pairs, Unsafe.Add(ref chosen, a) * experts);
                for (var b = a + 1; b < k; b++) Unsafe.Add(ref row, (int)Unsafe.Add(ref chosen, b))++;
            }

            chosen = ref Unsafe.Add(ref chosen, stride);
        }
    }

    private void CountRanks(TokenBlock block, int layer, int word)
    {
        var (k, stride) = (_trace.TopK, _trace.LayerCount * _trace.TopK);
        var masks = _tables.Masks[word][layer].AsSpan();
        var totals = _bits.AsSpan(((word * _trace.LayerCount) + layer) * 64, 64);
        ulong c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0;
        var spread = Spread.AsSpan();
        for (int t = 0, at = layer * k; t < block.Count; t++, at += stride)
        {
            var mask = 0UL;
            foreach (var expert in _ids.AsSpan(at, k)) mask |= masks[expert];
            c0 += spread[(byte)mask];
            c1 += spread[(byte)(mask >> 8)];
            c2 += spread[(byte)(mask >> 16)];
            c3 += spread[(byte)(mask >> 24)];
            c4 += spread[(byte)(mask >> 32)];
            c5 += spread[(byte)(mask >> 40)];
            c6 += spread[(byte)(mask >> 48)];
            c7 += spread[(byte)(mask >> 56)];
            if (t % 255 != 254 && t + 1 != block.Count) continue;
            Empty(totals, [c0, c1, c2, c3, c4, c5, c6, c7]);
            c0 = c1 = c2 = c3 = c4 = c5 = c6 = c7 = 0;
        }
    }

    // Any number of ranks, any replicas: token t goes to replica t mod count of an expert.
    private void CountStamped(TokenBlock block, int layer, int p)
    {
        var (k, stride) = (_trace.TopK, _trace.LayerCount * _trace.TopK);
        var placement = _plan.Placements[p].Layers[layer];
        if (_stamps.Length < placement.RankCount) _stamps = new int[placement.RankCount];
        for (int t = 0, at = layer * k; t < block.Count; t++, at += stride)
        {
            if (++_stamp == int.MaxValue)
            {
                Array.Clear(_stamps);
                _stamp = 1;
            }

            foreach (var expert in _ids.AsSpan(at, k))
            {
                var slots = placement.SlotsOfExpert(expert);
                var rank = placement.RankOfSlot[slots[(block.First + t) % slots.Length]];
                _rows[p][layer][rank]++;
                if (_stamps[rank] == _stamp) continue;
                _stamps[rank] = _stamp;
                _copies[p][layer][rank]++;
            }
        }
    }

    private static void Empty(Span<long> totals, ReadOnlySpan<ulong> counters)
    {
        for (var c = 0; c < counters.Length; c++)
            for (var b = 0; b < 8; b++)
                totals[(c * 8) + b] += (byte)(counters[c] >> (8 * b));
    }

    private long[][] Empty(int ranks)
    {
        var layers = new long[_trace.LayerCount][];
        for (var l = 0; l < layers.Length; l++) layers[l] = new long[ranks];
        return layers;
    }

    private static ulong[] SpreadTable()
    {
        var table = new ulong[256];
        for (var value = 0; value < table.Length; value++)
            for (var bit = 0; bit < 8; bit++)
                if ((value >> bit & 1) != 0)
                    table[value] |= 1UL << (8 * bit);
        return table;
    }
}
