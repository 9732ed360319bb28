using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Bounds;

/// <summary>
/// Port lines of all exchanges of a layer and the earliest moments they allow. Exchanges run strictly one after another: dispatch in
/// order, then combine; combine exchange c mirrors dispatch exchange (count - 1 - c), and a return waits for the launches of the
/// mirrored pair. Waiting is only relied on where it is certain: a pair that returns at most one row per computation
/// (Work at least the returned copies), because rows are matched to returns in proportion, rounded down.
/// </summary>
internal sealed class ExchangeLines
{
    private readonly LayerTraffic _traffic;
    private readonly Fabric _fabric;
    private readonly PortLines[] _dispatch;
    private readonly PortLines[] _combine;

    public ExchangeLines(LayerProblem problem)
    {
        _traffic = problem.Traffic;
        _fabric = problem.Fabric;
        _dispatch = [.. _traffic.Dispatch.Select(e => new PortLines(e.Copies, _fabric, _traffic.DispatchCopyBytes))];
        _combine = [.. _traffic.Combine.Select(e => new PortLines(e.Copies, _fabric, _traffic.CombineCopyBytes))];
        DispatchPs = _dispatch.Sum(l => l.LongestPs());
        CombinePs = _combine.Sum(l => l.LongestPs());
        LongestExchange = _dispatch.Concat(_combine).Select(l => PortBound.WithReconfiguration(l)).MaxBy(b => b.Value)!.Bottleneck;
    }

    /// <summary>No dispatch is over earlier.</summary>
    public long DispatchPs { get; }

    /// <summary>No combine is shorter.</summary>
    public long CombinePs { get; }

    /// <summary>Bottleneck port of the longest exchange.</summary>
    public string LongestExchange { get; }

    public long LocalRows(int rank) => _traffic.Dispatch.Sum(e => e.Work[rank, rank]);

    /// <summary>Earliest arrival of a remote row at the rank: the dispatch before it, a reconfiguration, one token. 0 if there is none.</summary>
    public long FirstArrivalPs(int rank)
    {
        var before = 0L;
        for (var x = 0; x < _dispatch.Length; before += _dispatch[x++].LongestPs())
        {
            var token = long.MaxValue;
            for (var source = 0; source < _traffic.RankCount; source++)
                if (source != rank && _traffic.Dispatch[x].Work[source, rank] > 0)
                    token = Math.Min(token, _fabric.PairRate(source, rank).TransferPs(_traffic.DispatchCopyBytes.Value));
            if (token < long.MaxValue) return before + _dispatch[x].DelayPs + token;
        }

        return 0;
    }

    /// <summary>Earliest moment at which all rows can be at the rank: its receive port must have carried every copy that brings rows. 0 if none.</summary>
    public long LastArrivalPs(int rank)
    {
        var (before, last) = (0L, 0L);
        for (var x = 0; x < _dispatch.Length; before += _dispatch[x++].LongestPs())
        {
            var exchange = _traffic.Dispatch[x];
            var (busy, any) = (0L, false);
            for (var source = 0; source < _traffic.RankCount; source++)
            {
                if (source == rank || exchange.Work[source, rank] == 0) continue;
                any = true;
                busy += Busy(exchange, source, rank, _traffic.DispatchCopyBytes.Value, _dispatch[x].DelayPs);
            }

            if (any) last = before + (_fabric.IsCircuitSwitched ? Planes(busy) : _fabric.ReceiveRate(rank).TransferPs(busy));
        }

        return last;
    }

    /// <summary>Least time on the wire of the last thing a rank returns after its last launch; 0 when some rows need no return.</summary>
    public long OneReturnPs(int rank)
    {
        var least = long.MaxValue;
        for (var c = 0; c < _combine.Length; c++)
        {
            var (work, copies) = (Mirror(c).Work, _traffic.Combine[c].Copies);
            for (var source = 0; source < _traffic.RankCount; source++)
            {
                if (source == rank || work[source, rank] == 0) continue;
                if (copies[rank, source] == 0) return 0;
                least = Math.Min(least, _fabric.PairRate(rank, source).TransferPs(_traffic.CombineCopyBytes.Value));
            }
        }

        return least == long.MaxValue ? 0 : least;
    }

    /// <summary>
    /// When the layer can be over if the rank cannot return anything before <paramref name="readyPs"/>: the best of all combine
    /// exchanges of its send port's returns that certainly wait, plus the exchanges after it. At least <paramref name="least"/>.
    /// </summary>
    public long AfterLastReturn(int rank, long readyPs, long least)
    {
        var (best, after) = (least, CombinePs);
        for (var c = 0; c < _combine.Length; c++)
        {
            after -= _combine[c].LongestPs();
            if (SendsBackPs(c, rank, connected: 0) is > 0 and var busy) best = Math.Max(best, readyPs + busy + after);
        }

        return best;
    }

    /// <summary>
    /// Time the rank's send port needs for the returns of a combine exchange that certainly wait for launches.
    /// </summary>
    /// <param name="c">Combine exchange.</param>
    /// <param name="rank">The rank that computed.</param>
    /// <param name="connected">
    /// Circuits of the port that may be up when the first return is ready and so cost no delay: 0 where the combine starts dark, one per
    /// plane where it shares the switches with the dispatch or where circuits may be set up ahead of the data (scheduling spec 7.7).
    /// </param>
    public long SendsBackPs(int c, int rank, int connected)
    {
        var (busy, peers) = (0L, 0);
        for (var home = 0; home < _traffic.RankCount; home++)
            if (home != rank && CertainlyWaits(c, home, rank))
                (busy, peers) = (checked(busy + Busy(_traffic.Combine[c], rank, home, _traffic.CombineCopyBytes.Value, 0)), peers + 1);
        return Total(busy, peers, connected, _combine[c].DelayPs, _fabric.SendRate(rank));
    }

    /// <summary>Time the rank's receive port needs for its own returns of a combine exchange that certainly wait; parameters as in <see cref="SendsBackPs"/>.</summary>
    public long GetsBackPs(int c, int rank, int connected)
    {
        var (busy, peers) = (0L, 0);
        for (var worker = 0; worker < _traffic.RankCount; worker++)
            if (worker != rank && CertainlyWaits(c, rank, worker))
                (busy, peers) = (checked(busy + Busy(_traffic.Combine[c], worker, rank, _traffic.CombineCopyBytes.Value, 0)), peers + 1);
        return Total(busy, peers, connected, _combine[c].DelayPs, _fabric.ReceiveRate(rank));
    }

    /// <summary>Earliest moment at which a row of the rank that is returned in combine exchange c can be at a worker, plus that worker's smallest launch.</summary>
    public long FirstFinishElsewherePs(int c, int rank, Func<int, long> smallestLaunchPs)
    {
        var mirror = _traffic.Dispatch.Count - 1 - c;
        var before = 0L;
        for (var x = 0; x < mirror; x++) before += _dispatch[x].LongestPs();
        var first = long.MaxValue;
        for (var worker = 0; worker < _traffic.RankCount; worker++)
            if (worker != rank && CertainlyWaits(c, rank, worker))
                first = Math.Min(first, before + _dispatch[mirror].DelayPs + _fabric.PairRate(rank, worker).TransferPs(_traffic.DispatchCopyBytes.Value) + smallestLaunchPs(worker));
        return first == long.MaxValue ? 0 : first;
    }

    /// <summary>The combine exchanges behind exchange c take at least so long.</summary>
    public long AfterExchangePs(int c) => _combine.Skip(c + 1).Sum(l => l.LongestPs());

    /// <summary>
    /// Earliest moment at which any return can be ready: the least of <paramref name="readyPs"/> over ranks that return something in
    /// the first combine exchange that moves anything; 0 when some of its returns need not wait.
    /// </summary>
    public long FirstReturn(Func<int, long> readyPs)
    {
        for (var c = 0; c < _combine.Length; c++)
        {
            var copies = _traffic.Combine[c].Copies;
            if (copies.RemoteTotal() == 0) continue;
            var first = long.MaxValue;
            for (var rank = 0; rank < _traffic.RankCount; rank++)
            {
                var returns = false;
                for (var source = 0; source < _traffic.RankCount; source++)
                {
                    if (source == rank || copies[rank, source] == 0) continue;
                    if (!CertainlyWaits(c, source, rank)) return 0;
                    returns = true;
                }

                if (returns) first = Math.Min(first, readyPs(rank));
            }

            return first;
        }

        return 0;
    }

    private bool CertainlyWaits(int c, int source, int rank) =>
        _traffic.Combine[c].Copies[rank, source] is > 0 and var copies && Mirror(c).Work[source, rank] >= copies;

    private Exchange Mirror(int c) => _traffic.Dispatch[_traffic.Dispatch.Count - 1 - c];

    private long Total(long busy, int peers, int connected, long delayPs, Bandwidth rate) =>
        peers == 0 ? 0 : _fabric.IsCircuitSwitched ? Planes(checked(busy + (delayPs * Math.Max(0, peers - connected)))) : rate.TransferPs(busy);

    // Circuits of a port on parallel planes share its work.
    private long Planes(long busyPs) => (busyPs + _fabric.PlaneCount - 1) / _fabric.PlaneCount;

    // Circuit: pair time and its reconfiguration. Packet: bytes, to be divided by the port's rate.
    private long Busy(Exchange exchange, int source, int target, long copyBytes, long delayPs)
    {
        var bytes = checked(exchange.Copies[source, target] * copyBytes);
        return _fabric.IsCircuitSwitched ? _fabric.PairRate(source, target).TransferPs(bytes) + delayPs : bytes;
    }
}
