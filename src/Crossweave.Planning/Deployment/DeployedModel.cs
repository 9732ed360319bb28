using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// One model of a deployment: n ranks, each a data shard and an expert (or a group of experts) that move together, so that putting a rank
/// on a device permutes row and column of the traffic matrix alike (deployment spec 2.2).
/// </summary>
public sealed class DeployedModel
{
    /// <param name="demand">[source rank, target rank] -> tokens of one dispatch; the diagonal needs no port but is computed on. Combine is the transpose.</param>
    /// <param name="gateTokens">Work of the gate on every device, in tokens; not negative.</param>
    /// <param name="aggregateTokens">Work of the aggregation on every device, in tokens; not negative.</param>
    public DeployedModel(TrafficMatrix demand, long gateTokens, long aggregateTokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(gateTokens);
        ArgumentOutOfRangeException.ThrowIfNegative(aggregateTokens);
        (Demand, GateTokens, AggregateTokens) = (demand, gateTokens, aggregateTokens);
        var n = demand.RankCount;
        (Sent, Received, Port, Work) = (new long[n], new long[n], new long[n], new long[n]);
        for (var rank = 0; rank < n; rank++)
        {
            Sent[rank] = demand.Sent(rank);
            Received[rank] = demand.Received(rank);
            Port[rank] = Math.Max(Sent[rank], Received[rank]);
            Work[rank] = Received[rank] + demand[rank, rank];
        }
    }

    public TrafficMatrix Demand { get; }

    public long GateTokens { get; }

    public long AggregateTokens { get; }

    public int RankCount => Demand.RankCount;

    /// <summary>s: tokens each rank sends to others.</summary>
    internal long[] Sent { get; }

    /// <summary>r: tokens each rank gets from others.</summary>
    internal long[] Received { get; }

    /// <summary>x = max(s, r).</summary>
    internal long[] Port { get; }

    /// <summary>f: tokens each rank's experts compute, its own included.</summary>
    internal long[] Work { get; }
}
