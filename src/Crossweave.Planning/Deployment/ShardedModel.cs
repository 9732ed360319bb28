using Crossweave.Core;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Deployment;

/// <summary>How the data shards (sources of tokens) of a model may be placed.</summary>
public enum ShardMoves
{
    /// <summary>Shard i and expert i are one rank.</summary>
    Together,

    /// <summary>Shards stay where they are, in blocks of equal size; only experts move.</summary>
    Fixed,

    /// <summary>Shards and experts move separately.</summary>
    Free,
}

/// <summary>
/// A model whose data shards and experts are counted separately, any number of either per device (deployment spec 3.13).
/// </summary>
public sealed class ShardedModel
{
    /// <param name="shardCount">Data shards.</param>
    /// <param name="expertCount">Experts; as many as shards when they move together.</param>
    /// <param name="tokens">[shard x expert] tokens of one dispatch; kept, not copied.</param>
    /// <param name="moves">What may move.</param>
    /// <param name="gateTokens">As in <see cref="DeployedModel"/>.</param>
    /// <param name="aggregateTokens">As in <see cref="DeployedModel"/>.</param>
    public ShardedModel(int shardCount, int expertCount, long[] tokens, ShardMoves moves, long gateTokens, long aggregateTokens)
    {
        if (tokens.Length != shardCount * expertCount) throw new ArgumentException("tokens must be shards x experts");
        if (moves == ShardMoves.Together && shardCount != expertCount) throw new ArgumentException("as many shards as experts move together");
        (ShardCount, ExpertCount, Tokens, Moves, GateTokens, AggregateTokens) = (shardCount, expertCount, tokens, moves, gateTokens, aggregateTokens);
    }

    public int ShardCount { get; }

    public int ExpertCount { get; }

    public long[] Tokens { get; }

    public ShardMoves Moves { get; }

    public long GateTokens { get; }

    public long AggregateTokens { get; }

    /// <summary>Ranks of a square matrix that move as they are.</summary>
    public static ShardedModel Of(DeployedModel model) =>
        new(model.RankCount, model.RankCount, model.Demand.Cells.ToArray(), ShardMoves.Together, model.GateTokens, model.AggregateTokens);

    /// <summary>Counts one layer of a trace: [shard x expert] token copies, with one shard per token of the trace. O(tokens x k).</summary>
    public static long[] Count(RoutingTrace trace, int layer, ReadOnlySpan<int> shardOfToken, int shardCount)
    {
        const int block = 4096;
        var tokens = new long[shardCount * trace.ExpertCount];
        var experts = new ushort[block * trace.TopK];
        for (var first = 0; first < shardOfToken.Length; first += block)
        {
            var count = Math.Min(block, shardOfToken.Length - first);
            trace.ReadLayer(layer, first, count, experts.AsSpan(0, count * trace.TopK));
            for (var k = 0; k < count * trace.TopK; k++) tokens[(shardOfToken[first + (k / trace.TopK)] * trace.ExpertCount) + experts[k]]++;
        }

        return tokens;
    }

    /// <summary>Traffic between devices.</summary>
    internal TrafficMatrix Between(int deviceCount, int[] deviceOfShard, int[] deviceOfExpert)
    {
        var cells = new long[deviceCount * deviceCount];
        for (var s = 0; s < ShardCount; s++)
            for (var e = 0; e < ExpertCount; e++)
                cells[(deviceOfShard[s] * deviceCount) + deviceOfExpert[e]] += Tokens[(s * ExpertCount) + e];
        return new TrafficMatrix(deviceCount, cells);
    }

    /// <exception cref="InputException">Numbers that do not spread evenly over the devices.</exception>
    internal void Check(int deviceCount, string where)
    {
        if (ExpertCount % deviceCount != 0) throw InputException.At(where, $"{ExpertCount} experts", $"a multiple of the {deviceCount} devices");
        if (ShardCount % deviceCount != 0) throw InputException.At(where, $"{ShardCount} shards", $"a multiple of the {deviceCount} devices");
    }
}
