using Crossweave.Core.Placement;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>
/// What one layer's routing means for ranks and nodes, before any send mode is chosen: every mode's matrices follow from these counts.
/// </summary>
/// <param name="TokenCount">Tokens counted.</param>
/// <param name="TopK">Experts per token.</param>
/// <param name="NodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
/// <param name="Rows">[source, rank] -> (token, expert) pairs computed at rank.</param>
/// <param name="RankCopies">[source, rank] -> tokens of source with at least one expert at rank.</param>
/// <param name="NodeCopies">[source x nodes + node] -> tokens of source with at least one expert on node.</param>
public sealed record CopyCounts(
    long TokenCount,
    int TopK,
    int NodeCount,
    TrafficMatrix Rows,
    TrafficMatrix RankCopies,
    long[] NodeCopies)
{
    public int RankCount => Rows.RankCount;

    public int RanksPerNode => RankCount / NodeCount;

    public int NodeOf(int rank) => rank / RanksPerNode;
}

/// <summary>
/// Counts copies in one pass over the tokens, O(k) per token and without allocation: a stamp per rank and per node marks what the
/// current token has touched. Tokens must be added in order when the replica rule remembers.
/// </summary>
public sealed class CopyCounter
{
    private const int BlockTokens = 4096;
    private readonly int _topK;
    private readonly int _rankCount;
    private readonly int _nodeCount;
    private readonly int[] _nodeOfRank;
    private readonly long[] _rows;
    private readonly long[] _rankCopies;
    private readonly long[] _nodeCopies;
    private readonly long[] _rankStamp;
    private readonly long[] _nodeStamp;
    private readonly int[] _ranks;
    private readonly int _expertCount;
    private readonly ReplicaChooser _chooser;
    private long _tokens;

    /// <exception cref="InputException">Ranks are not a multiple of nodes.</exception>
    /// <param name="placement">Slots of the layer.</param>
    /// <param name="nodeCount">Servers; rank r is on node r / (ranks / nodes).</param>
    /// <param name="topK">Experts per token.</param>
    /// <param name="replicas">Choice among replicas.</param>
    /// <param name="tokens">Tokens of each expert in the batch, for rules that need it.</param>
    public CopyCounter(LayerPlacement placement, int nodeCount, int topK, IReplicaRule replicas, ReadOnlySpan<long> tokens = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topK);
        _rankCount = placement.RankCount;
        if (nodeCount <= 0 || _rankCount % nodeCount != 0)
            throw InputException.At("nodes", $"{nodeCount}", $"a divisor of the {_rankCount} ranks");
        _topK = topK;
        _nodeCount = nodeCount;
        _expertCount = placement.ExpertCount;
        _nodeOfRank = new int[_rankCount];
        for (var rank = 0; rank < _rankCount; rank++) _nodeOfRank[rank] = rank / (_rankCount / nodeCount);
        _rows = new long[_rankCount * _rankCount];
        _rankCopies = new long[_rankCount * _rankCount];
        _nodeCopies = new long[_rankCount * nodeCount];
        _rankStamp = new long[_rankCount];
        _nodeStamp = new long[nodeCount];
        _ranks = new int[topK];
        _chooser = replicas.Start(placement, nodeCount, tokens);
    }

    /// <param name="experts">[token, k].</param>
    /// <param name="sourceOfToken">Source rank of each token.</param>
    public void Add(ReadOnlySpan<ushort> experts, ReadOnlySpan<int> sourceOfToken)
    {
        if (experts.Length != (long)sourceOfToken.Length * _topK) throw new ArgumentException("experts must hold tokens x k values");
        foreach (var expert in experts)
            if (expert >= _expertCount)
                throw InputException.At("routing", $"expert {expert}", $"0 to {_expertCount - 1} (the experts of the placement)");
        var rankStamp = _rankStamp;
        var nodeStamp = _nodeStamp;
        var nodeOfRank = _nodeOfRank;
        for (var t = 0; t < sourceOfToken.Length; t++)
        {
            var source = sourceOfToken[t];
            if ((uint)source >= (uint)_rankCount) throw InputException.At($"source rank of token {_tokens}", $"{source}", $"0 to {_rankCount - 1}");
            _chooser.Choose(experts.Slice(t * _topK, _topK), source, _ranks);
            var stamp = ++_tokens;
            var rows = _rows.AsSpan(source * _rankCount, _rankCount);
            var copies = _rankCopies.AsSpan(source * _rankCount, _rankCount);
            foreach (var rank in _ranks)
            {
                rows[rank]++;
                if (rankStamp[rank] == stamp) continue;
                rankStamp[rank] = stamp;
                copies[rank]++;
                var node = nodeOfRank[rank];
                if (nodeStamp[node] == stamp) continue;
                nodeStamp[node] = stamp;
                _nodeCopies[(source * _nodeCount) + node]++;
            }
        }
    }

    /// <summary>The counts so far.</summary>
    public CopyCounts Counts() => new(
        _tokens,
        _topK,
        _nodeCount,
        new TrafficMatrix(_rankCount, [.. _rows]),
        new TrafficMatrix(_rankCount, [.. _rankCopies]),
        [.. _nodeCopies]);

    /// <summary>Counts tokens [firstToken, firstToken + sourceOfToken.Length) of one layer of a trace, block by block.</summary>
    public static CopyCounts Count(
        RoutingTrace trace, int layer, int firstToken, ReadOnlySpan<int> sourceOfToken, LayerPlacement placement, int nodeCount, IReplicaRule replicas)
    {
        var buffer = new ushort[Math.Min(BlockTokens, sourceOfToken.Length) * trace.TopK];
        var tokens = new long[replicas.NeedsBatch ? trace.ExpertCount : 0];
        for (var done = 0; done < sourceOfToken.Length && tokens.Length > 0; done += BlockTokens)
            foreach (var expert in Block(done, sourceOfToken.Length))
                tokens[expert]++;
        var counter = new CopyCounter(placement, nodeCount, trace.TopK, replicas, tokens);
        for (var done = 0; done < sourceOfToken.Length; done += BlockTokens)
        {
            var block = Block(done, sourceOfToken.Length);
            counter.Add(block, sourceOfToken.Slice(done, block.Length / trace.TopK));
        }

        return counter.Counts();

        Span<ushort> Block(int done, int all)
        {
            var count = Math.Min(BlockTokens, all - done);
            var block = buffer.AsSpan(0, count * trace.TopK);
            trace.ReadLayer(layer, firstToken + done, count, block);
            return block;
        }
    }
}
