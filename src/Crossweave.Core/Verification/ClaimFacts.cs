using Crossweave.Core.Compute;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Verification;

/// <summary>What bounds and ideals are recomputed from: the document, the traffic, the transfers in time, and how the layer was run.</summary>
internal sealed class ClaimFacts
{
    private const long ExactSplitRows = 1 << 16;

    private readonly ILookup<(int, int), Flow> _dispatch;
    private readonly ILookup<(int, int), Flow> _combine;
    private Int128[]? _cheapest;
    private long[]? _launch;

    public ClaimFacts(ScheduleDocument document, LayerDemand demand, List<Flow> flows, bool isWhole, ComputeProfile? profile)
    {
        (Document, Matrix, Rows, Returned, IsWhole, Profile) = (document, demand.Sent, demand.Rows, demand.Returned, isWhole, profile);
        _dispatch = flows.Where(f => !f.IsCombine).ToLookup(f => (f.Source, f.Target));
        _combine = flows.Where(f => f.IsCombine).ToLookup(f => (f.Source, f.Target));
        Dispatch = new PortUse(document, PortUse.Bytes(document, Matrix, isCombine: false));
        Combine = new PortUse(document, PortUse.Bytes(document, Returned, isCombine: true));
        var dispatchEnd = flows.Where(f => !f.IsCombine).Select(f => f.EndPs).DefaultIfEmpty(0).Max();
        var combineStart = flows.Where(f => f.IsCombine).Select(f => f.StartPs).DefaultIfEmpty(long.MaxValue).Min();
        IsSeparate = combineStart >= dispatchEnd;
        var launches = document.Layer?.Launches ?? [];
        HasOneLaunchPerRank = launches.GroupBy(l => l.Rank).All(g => g.Count() == 1);
        IsSequential = HasOneLaunchPerRank && IsSeparate && launches.All(l => l.StartPs >= dispatchEnd && l.EndPs <= combineStart);
        RowsOfRank = [.. Enumerable.Range(0, Rows.RankCount).Select(j => Rows.Received(j) + Rows[j, j])];
    }

    public ScheduleDocument Document { get; }

    /// <summary>Tokens of the dispatch.</summary>
    public TrafficMatrix Matrix { get; }

    /// <summary>Rows to compute for every pair [home, worker]; the diagonal is local.</summary>
    public TrafficMatrix Rows { get; }

    /// <summary>Tokens of the combine.</summary>
    public TrafficMatrix Returned { get; }

    /// <summary>No pair was cut in the dispatch.</summary>
    public bool IsWhole { get; }

    public ComputeProfile? Profile { get; }

    public PortUse Dispatch { get; }

    public PortUse Combine { get; }

    /// <summary>Nothing returns before the last token is delivered.</summary>
    public bool IsSeparate { get; }

    public bool HasOneLaunchPerRank { get; }

    /// <summary>Dispatch, then launches, then combine, on all ranks.</summary>
    public bool IsSequential { get; }

    public long[] RowsOfRank { get; }

    public int RankCount => Matrix.RankCount;

    public Flow[] Arrivals(int source, int target) => [.. _dispatch[(source, target)].OrderBy(f => f.EndPs)];

    public Flow[] Returns(int source, int target) => [.. _combine[(source, target)].OrderBy(f => f.StartPs)];

    /// <summary>Port bounds of both exchanges and the longest single launch; null without a profile.</summary>
    public Int128? IdealPs() => Profile is null ? null : Dispatch.LeastPs(0) + Combine.LeastPs(0) + RowsOfRank.Max(rows => Profile.LaunchPs(rows));

    /// <summary>Shortest launch of 1 .. rows rows.</summary>
    public Int128 SmallestLaunchPs(long rows) => rows > ExactSplitRows ? Profile!.SmallestLaunchPs : Launches().AsSpan(1, (int)Math.Max(1, rows)).ToArray().Min();

    /// <summary>Cheapest sum of launches: exact by dynamic programming up to 65,536 rows, the profile's own value above.</summary>
    public Int128 CheapestSplitPs(long rows)
    {
        if (rows > ExactSplitRows) return Profile!.CheapestSplitPs(rows);
        if (_cheapest is null)
        {
            var launch = Launches();
            var best = new long[launch.Length];
            for (var n = 1; n < best.Length; n++)
            {
                var least = launch[n];
                for (var (a, b) = (1, n - 1); a <= b; a++, b--) least = Math.Min(least, best[a] + best[b]);
                best[n] = least;
            }

            _cheapest = Array.ConvertAll(best, ps => (Int128)ps);
        }

        return _cheapest[rows];
    }

    private long[] Launches()
    {
        if (_launch is not null) return _launch;
        var most = RowsOfRank.Where(r => r <= ExactSplitRows).DefaultIfEmpty(0).Max();
        _launch = new long[Math.Max(2, most + 1)];
        for (var n = 1; n < _launch.Length; n++) _launch[n] = Math.Min(long.MaxValue / 4, Profile!.LaunchPs(n));
        return _launch;
    }
}

/// <summary>Busy time and peers of every port in one exchange: at the rate of the pair on circuits, at the port's own rate on packet fabrics.</summary>
internal sealed class PortUse
{
    private readonly ScheduleDocument _document;
    private readonly Int128[] _bytes;

    /// <param name="document">Ports.</param>
    /// <param name="bytes">Of every pair, [source x ranks + target].</param>
    /// <param name="asPackets">Ports at their own rate on circuits too.</param>
    public PortUse(ScheduleDocument document, Int128[] bytes, bool asPackets = false)
    {
        (_document, _bytes) = (document, bytes);
        var n = document.RankCount;
        (Send, Receive, SendPeers, ReceivePeers, SendBytes, ReceiveBytes) = (new Int128[n], new Int128[n], new int[n], new int[n], new Int128[n], new Int128[n]);
        for (var s = 0; s < n; s++)
        {
            for (var t = 0; t < n; t++)
            {
                var moved = bytes[(s * n) + t];
                if (s == t || moved == 0) continue;
                var ps = Wire.LeastPs(moved, Rates.Pair(document, s, t));
                Send[s] += ps;
                Receive[t] += ps;
                SendBytes[s] += moved;
                ReceiveBytes[t] += moved;
                SendPeers[s]++;
                ReceivePeers[t]++;
            }
        }

        if (document.ReconfigurationPs is not null && !asPackets) return;
        for (var r = 0; r < n; r++)
        {
            Send[r] = Wire.LeastPs(SendBytes[r], Rates.Send(document, r));
            Receive[r] = Wire.LeastPs(ReceiveBytes[r], Rates.Receive(document, r));
        }
    }

    public static Int128[] Bytes(ScheduleDocument document, TrafficMatrix matrix, bool isCombine) =>
        Array.ConvertAll(matrix.Cells.ToArray(), tokens => (Int128)tokens * document.TokenBytesOf(isCombine));

    public Int128[] Send { get; }

    public Int128[] Receive { get; }

    public int[] SendPeers { get; }

    public int[] ReceivePeers { get; }

    private Int128[] SendBytes { get; }

    private Int128[] ReceiveBytes { get; }

    /// <summary>LB1 of scheduling spec 7.3 over all ports; with delay 0 the plain port bound.</summary>
    public Int128 Longest(long delayPs)
    {
        Int128 best = 0;
        for (var r = 0; r < Send.Length; r++) best = Int128.Max(best, Int128.Max(Lb1(Send[r], SendPeers[r], delayPs), Lb1(Receive[r], ReceivePeers[r], delayPs)));
        return best;
    }

    /// <summary>No exchange is shorter: the busiest port, and on two tiers the busiest node.</summary>
    public Int128 LeastPs(long delayPs) => Int128.Max(Longest(delayPs), Nodes());

    /// <summary>What leaves or enters a node passes its NICs together, whichever it takes (arXiv 2505.09764); 0 on one tier.</summary>
    public Int128 Nodes()
    {
        if (!Rates.HasTiers(_document)) return 0;
        var nodes = _document.NodeCount;
        var (send, receive, rate) = (new Int128[nodes], new Int128[nodes], new Int128[nodes]);
        for (var s = 0; s < _document.RankCount; s++)
        {
            var from = Rates.NodeOf(_document, s);
            rate[from] += _document.BandwidthOfRank[s];
            for (var t = 0; t < _document.RankCount; t++)
            {
                var to = Rates.NodeOf(_document, t);
                if (to == from) continue;
                send[from] += _bytes[(s * _document.RankCount) + t];
                receive[to] += _bytes[(s * _document.RankCount) + t];
            }
        }

        Int128 best = 0;
        for (var node = 0; node < nodes; node++) best = Int128.Max(best, Wire.LeastPs(Int128.Max(send[node], receive[node]), rate[node]));
        return best;
    }

    /// <summary>Work of one port shared by the planes.</summary>
    public Int128 OnPlanes(Int128 busy, int changes) => Ceiling(busy + ((Int128)(_document.ReconfigurationPs ?? 0) * changes));

    private Int128 Lb1(Int128 busy, int peers, long delayPs) => peers == 0 ? 0 : Ceiling(busy + ((Int128)delayPs * Math.Max(peers, _document.PlaneCount)));

    private Int128 Ceiling(Int128 ps) => (ps + _document.PlaneCount - 1) / _document.PlaneCount;
}
