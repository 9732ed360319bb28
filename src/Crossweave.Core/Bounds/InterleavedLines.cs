using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Critical paths of single ranks that hold even when dispatch and combine interleave on the ports (scheduling spec 7.7).
/// </summary>
/// <remarks>
/// <para>Arrival: no circuit is up at time 0, so the first row of a rank needs a delay and a token; its receive port must have met every
/// peer that brings rows, and carried all of it, before the last row is there. A launch then follows, and a return.</para>
/// <para>Returns: none leaves a rank before its first launch of arrived rows is over, and none reaches a rank before the first such launch
/// of those that return to it. From then on the port carries all these returns. At most one circuit per plane can be up already, so
/// k peers cost k - planes delays. Only returns that certainly wait count (<see cref="ExchangeLines"/>).</para>
/// <para>Launches: they follow one another from time 0, or from the first arrival when nothing is local; a rank without local rows still
/// has to return something of its last launch. O(exchanges x ranks^2).</para>
/// </remarks>
internal sealed class InterleavedLines(LayerProblem problem)
{
    private readonly LayerTraffic _traffic = problem.Traffic;
    private readonly Fabric _fabric = problem.Fabric;
    private readonly long _delayPs = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;

    /// <summary>The longest of all paths; tie: lowest rank, in the order of the remarks.</summary>
    public LowerBound CriticalPath()
    {
        var n = _traffic.RankCount;
        var rows = ComputeBound.RowsOfRank(problem);
        var firstFinish = new long[n];
        for (var j = 0; j < n; j++) firstFinish[j] = FirstArrivalPs(j) + problem.ComputeOfRank[j].SmallestLaunchPs;
        var (best, bottleneck) = (0L, "none");
        for (var j = 0; j < n; j++)
        {
            var profile = problem.ComputeOfRank[j];
            var local = LocalRows(j);
            var (one, hasRemote) = (OneReturnPs(j), rows[j] > local);
            if (rows[j] > 0)
                Offer((local > 0 ? 0 : FirstArrivalPs(j)) + profile.CheapestSplitPs(rows[j]) + (local == 0 ? one : 0), $"rank {j}: all its launches");
            if (hasRemote) Offer(LastArrivalPs(j) + profile.SmallestLaunchPs + one, $"rank {j}: last arrival, a launch and its return");
            if (hasRemote && ReturnsPs(j, sends: true, firstFinish, out var sent)) Offer(sent, $"rank {j}: first launch, then all its returns");
            if (ReturnsPs(j, sends: false, firstFinish, out var received)) Offer(received, $"rank {j}: first launch of its peers, then all returns to it");
        }

        return new LowerBound("critical-path", new SimTime(best), bottleneck);

        void Offer(long ps, string what)
        {
            if (ps > best) (best, bottleneck) = (ps, what);
        }
    }

    private long LocalRows(int rank) => _traffic.Dispatch.Sum(e => e.Work[rank, rank]);

    private long FirstArrivalPs(int rank)
    {
        var least = long.MaxValue;
        foreach (var exchange in _traffic.Dispatch)
            for (var source = 0; source < _traffic.RankCount; source++)
                if (source != rank && exchange.Work[source, rank] > 0)
                    least = Math.Min(least, _fabric.PairRate(source, rank).TransferPs(_traffic.DispatchCopyBytes.Value));
        return least == long.MaxValue ? 0 : _delayPs + least;
    }

    private long LastArrivalPs(int rank)
    {
        var port = new Port(this);
        for (var source = 0; source < _traffic.RankCount; source++)
        {
            if (source == rank) continue;
            var copies = 0L;
            foreach (var exchange in _traffic.Dispatch)
                if (exchange.Work[source, rank] > 0)
                    copies += exchange.Copies[source, rank];
            port.Add(source, rank, copies, _traffic.DispatchCopyBytes);
        }

        return port.LeastPs(_fabric.ReceiveRate(rank), configuredBefore: 0);
    }

    // Least time on the wire of the last thing a rank returns; 0 when some rows need no return.
    private long OneReturnPs(int rank)
    {
        var least = long.MaxValue;
        for (var c = 0; c < _traffic.Combine.Count; c++)
            for (var home = 0; home < _traffic.RankCount; home++)
            {
                if (home == rank || Mirror(c).Work[home, rank] == 0) continue;
                if (_traffic.Combine[c].Copies[rank, home] == 0) return 0;
                least = Math.Min(least, _fabric.PairRate(rank, home).TransferPs(_traffic.CombineCopyBytes.Value));
            }

        return least == long.MaxValue ? 0 : least;
    }

    // End of the returns that a port sends or receives, if they start when the first of them can be ready.
    private bool ReturnsPs(int rank, bool sends, long[] firstFinish, out long endPs)
    {
        var port = new Port(this);
        var ready = long.MaxValue;
        for (var peer = 0; peer < _traffic.RankCount; peer++)
        {
            if (peer == rank) continue;
            var (from, to) = sends ? (rank, peer) : (peer, rank);
            var copies = 0L;
            for (var c = 0; c < _traffic.Combine.Count; c++)
                if (_traffic.Combine[c].Copies[from, to] is > 0 and var all && Mirror(c).Work[to, from] >= all)
                    copies += all;
            if (copies == 0) continue;
            port.Add(from, to, copies, _traffic.CombineCopyBytes);
            ready = Math.Min(ready, firstFinish[from]);
        }

        endPs = ready == long.MaxValue ? 0 : ready + port.LeastPs(sends ? _fabric.SendRate(rank) : _fabric.ReceiveRate(rank), _fabric.PlaneCount);
        return ready < long.MaxValue;
    }

    private Exchange Mirror(int c) => _traffic.Dispatch[_traffic.Dispatch.Count - 1 - c];

    // What one port has to carry: on circuits the times of its pairs and its peers, on packet fabrics bytes.
    private struct Port(InterleavedLines lines)
    {
        private long _busy;
        private int _peers;

        public void Add(int source, int target, long copies, Bytes copyBytes)
        {
            if (copies == 0) return;
            var bytes = checked(copies * copyBytes.Value);
            _busy = checked(_busy + (lines._fabric.IsCircuitSwitched ? lines._fabric.PairRate(source, target).TransferPs(bytes) : bytes));
            _peers++;
        }

        public readonly long LeastPs(Bandwidth rate, int configuredBefore)
        {
            if (!lines._fabric.IsCircuitSwitched) return rate.TransferPs(_busy);
            var planes = lines._fabric.PlaneCount;
            return (_busy + (lines._delayPs * Math.Max(0, _peers - configuredBefore)) + planes - 1) / planes;
        }
    }
}
