using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// The traffic between nodes, spread evenly over the NICs: for every pair of nodes and every NIC the tokens it carries, in the order in
/// which they leave. O(ranks^2) time and memory.
/// </summary>
internal sealed class NodeTiles
{
    private readonly TrafficMatrix _demand;
    private readonly int _nodes;
    private readonly int _perNode;
    private readonly List<Transfer>?[] _queue; // [source node, target node, NIC]
    private readonly int[] _at; // first transfer of the queue that has not left
    private readonly long[] _taken; // tokens of it that have

    public NodeTiles(TrafficMatrix demand, int nodes)
    {
        (_demand, _nodes, _perNode) = (demand, nodes, demand.RankCount / nodes);
        var lanes = nodes * nodes * _perNode;
        (_queue, _at, _taken) = (new List<Transfer>?[lanes], new int[lanes], new long[lanes]);
        PerNic = new long[nodes * nodes];
        var left = new long[_perNode * _perNode];
        var quota = new long[_perNode];
        for (var a = 0; a < nodes; a++)
            for (var b = 0; b < nodes; b++)
                if (a != b)
                    PerNic[(a * nodes) + b] = Spread(a, b, left, quota);
    }

    /// <summary>Node matrix: the most tokens that one NIC carries from one node to another; the diagonal is zero.</summary>
    public long[] PerNic { get; }

    /// <summary>Next tokens of every NIC from one node to another, at most so many each.</summary>
    public void Take(int from, int to, long tokens, List<Transfer> transfers)
    {
        for (var g = 0; g < _perNode; g++)
        {
            var lane = Lane(from, to, g);
            if (_queue[lane] is not { } queue) continue;
            var room = tokens;
            while (room > 0 && _at[lane] < queue.Count)
            {
                var t = queue[_at[lane]];
                var part = Math.Min(room, t.Tokens - _taken[lane]);
                transfers.Add(t with { Tokens = part });
                room -= part;
                _taken[lane] += part;
                if (_taken[lane] < t.Tokens) continue;
                _at[lane]++;
                _taken[lane] = 0;
            }
        }
    }

    /// <summary>Transfers between ranks of one node.</summary>
    public List<Transfer> Inside()
    {
        var transfers = new List<Transfer>();
        for (var source = 0; source < _demand.RankCount; source++)
            for (var target = source / _perNode * _perNode; target < ((source / _perNode) + 1) * _perNode; target++)
                if (target != source && _demand[source, target] > 0)
                    transfers.Add(new Transfer(source, target, _demand[source, target]));
        return transfers;
    }

    private int Lane(int from, int to, int nic) => (((from * _nodes) + to) * _perNode) + nic;

    private long Spread(int a, int b, long[] left, long[] quota)
    {
        var (m, total) = (_perNode, 0L);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < m; j++)
            {
                left[(i * m) + j] = _demand[(a * m) + i, (b * m) + j];
                total += left[(i * m) + j];
            }

        if (total == 0) return 0;
        for (var g = 0; g < m; g++) // whole tokens: those that remain go to the next NICs, from another one for every pair of nodes
        {
            quota[(g + a + b) % m] = (total / m) + (g < total % m ? 1 : 0);
            _queue[Lane(a, b, g)] = [];
        }

        for (var i = 0; i < m; i++) Move(i, i, i);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < m; j++)
                Move(i, j, i);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < m; j++)
                Move(i, j, j);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < m; j++)
                for (var g = 0; g < m && left[(i * m) + j] > 0; g++)
                    Move(i, j, g);
        for (var g = 0; g < m; g++) _queue[Lane(a, b, g)]!.Sort(LeavesFirst);
        return (total + m - 1) / m;

        void Move(int i, int j, int g)
        {
            var tokens = Math.Min(left[(i * m) + j], quota[g]);
            if (tokens == 0) return;
            left[(i * m) + j] -= tokens;
            quota[g] -= tokens;
            _queue[Lane(a, b, g)]!.Add(new Transfer((a * m) + i, (b * m) + j, tokens, m == 1 ? -1 : g));
        }
    }

    // What needs no balancing but a hand-out first, what needs no hand-out last; then by source and target.
    private int LeavesFirst(Transfer x, Transfer y)
    {
        var order = Class(x).CompareTo(Class(y));
        if (order == 0) order = x.Source.CompareTo(y.Source);
        return order == 0 ? x.Target.CompareTo(y.Target) : order;
    }

    private int Class(Transfer t)
    {
        var (balanced, handedOut) = (t.Source % _perNode != t.Via, t.Target % _perNode != t.Via);
        return handedOut ? (balanced ? 1 : 0) : balanced ? 2 : 3;
    }
}
