using Crossweave.Core.Placement;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Tests.Traffic;

/// <summary>Follows every single copy of every token with dictionaries and sets; shares only the replica choice with the code under test.</summary>
internal sealed class TrafficOracle
{
    private readonly Dictionary<(string Exchange, bool Work, int Source, int Target), long> _cells = [];
    private readonly TrafficOptions _options;
    private readonly int _perNode;

    public TrafficOracle(ArrayTrace trace, int[] sources, LayerPlacement placement, TrafficOptions options)
    {
        _options = options;
        _perNode = placement.RankCount / options.NodeCount;
        var experts = new ushort[trace.TokenCount * trace.TopK];
        trace.ReadLayer(0, 0, trace.TokenCount, experts);
        var tokens = new long[placement.ExpertCount];
        foreach (var expert in experts) tokens[expert]++;
        var chooser = options.Replicas!.Start(placement, options.NodeCount, tokens);
        for (var t = 0; t < trace.TokenCount; t++)
        {
            var ranks = new int[trace.TopK];
            chooser.Choose(experts.AsSpan(t * trace.TopK, trace.TopK), sources[t], ranks);
            Follow(sources[t], ranks);
        }
    }

    public long RankCopies { get; private set; }

    public long RemoteRankCopies { get; private set; }

    public long NodeCopies { get; private set; }

    public long RemoteNodeCopies { get; private set; }

    public long WireBytes { get; private set; }

    public long CrossNodeBytes { get; private set; }

    public bool Matches(string name, Exchange exchange)
    {
        for (var s = 0; s < exchange.Copies.RankCount; s++)
            for (var t = 0; t < exchange.Copies.RankCount; t++)
                if (exchange.Copies[s, t] != _cells.GetValueOrDefault((name, false, s, t)) || exchange.Work[s, t] != _cells.GetValueOrDefault((name, true, s, t)))
                    return false;
        return true;
    }

    private void Follow(int source, int[] ranks)
    {
        var distinct = ranks.Distinct().ToArray();
        RankCopies += distinct.Length;
        RemoteRankCopies += distinct.Count(r => r != source);
        NodeCopies += distinct.Select(r => r / _perNode).Distinct().Count();
        RemoteNodeCopies += distinct.Select(r => r / _perNode).Distinct().Count(v => v != source / _perNode);
        switch (_options.Mode)
        {
            case SendMode.PerExpert:
                foreach (var rank in ranks) RoundTrip(0, source, rank, copies: 1, rows: 1, returned: 1);
                break;
            case SendMode.PerRank:
                foreach (var rank in distinct)
                {
                    var rows = ranks.Count(r => r == rank);
                    RoundTrip(0, source, rank, 1, rows, _options.SumBeforeCombine ? 1 : rows);
                }

                break;
            default:
                foreach (var node in distinct.GroupBy(r => r / _perNode))
                {
                    var forwarder = (node.Key * _perNode) + (source % _perNode);
                    var rowsOnNode = ranks.Count(r => r / _perNode == node.Key);
                    RoundTrip(0, source, forwarder, 1, ranks.Count(r => r == forwarder), _options.SumBeforeCombine ? 1 : rowsOnNode);
                    foreach (var rank in node.Where(r => r != forwarder))
                    {
                        var rows = ranks.Count(r => r == rank);
                        RoundTrip(1, forwarder, rank, 1, rows, _options.SumBeforeCombine ? 1 : rows);
                    }
                }

                break;
        }
    }

    private void RoundTrip(int hop, int from, int to, long copies, long rows, long returned)
    {
        var hops = _options.Mode == SendMode.PerNode ? 2 : 1;
        Add($"dispatch {hop}", false, from, to, copies);
        Add($"dispatch {hop}", true, from, to, rows);
        Add($"combine {hops - 1 - hop}", false, to, from, returned);
        Add($"combine {hops - 1 - hop}", true, to, from, rows);
        var bytes = (copies * _options.DispatchCopyBytes.Value) + (returned * _options.CombineCopyBytes.Value);
        if (from != to) WireBytes += bytes;
        if (from / _perNode != to / _perNode) CrossNodeBytes += bytes;
    }

    private void Add(string exchange, bool work, int source, int target, long count) =>
        _cells[(exchange, work, source, target)] = _cells.GetValueOrDefault((exchange, work, source, target)) + count;
}
