using System.Numerics;
using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Lanes for unequal ports (deployment spec 3.4): every port is split into lanes of one common rate, the tokens of a port are dealt to
/// its lanes so that none gets more than T (de Werra: entries row by row, first lane with room), and the lane-by-lane matrix is an open
/// shop with equal ports, solved by Birkhoff. Lanes are mapped back, so the steps share ports and need a packet switch.
/// </summary>
/// <remarks>
/// <para>Lane width: the largest rate that divides all send and receive rates (100/80/50/40 Gbps: 10 Gbps, 10/8/5/4 lanes). One slot =
/// one token on one lane; T = max ceil(load / lanes) slots, so the length is below PORT + one slot, against up to c_max / c_min times
/// PORT for one-to-one orders. Equal ports have one lane each: the steps are matchings, the length is the port bound.</para>
/// <para>When the common divisor would give a port more than 64 lanes (100 and 99 Gbps, say), the width is the fastest rate / 64 and a
/// slower port gets as many whole lanes as it holds, at least one: nothing is wrong then, but a port of l lanes may be used up to a
/// factor l / (l + 1) below its rate.</para>
/// <para>Cost: Birkhoff on the sum of the lanes, bottleneck matchings up to 128 lanes and heavy-first above. Ties as there. Bad when many
/// lanes make the matrix large (54 x 54 for 8 ranks of four speeds), and each step is one more pause where switching costs.</para>
/// </remarks>
public sealed class LanesScheduler : IScheduler
{
    private const int MostLanesPerPort = 64;
    private const int LongPhasesUpTo = 128;

    public string Name => "lanes";

    public string Summary => "unequal ports as lanes of one width, open shop on lanes: within a slot of the port bound";

    public bool KeepsEntriesWhole => false;

    public Fabric TimedOn(Fabric fabric) => FabricKinds.PacketTwin(fabric);

    public Schedule Schedule(SchedulingProblem problem, Prng prng)
    {
        var n = problem.Demand.RankCount;
        var width = LaneWidth(problem.Fabric);
        var (rankOfSendLane, slots) = (new List<int>(), 0L);
        var rankOfReceiveLane = new List<int>();
        for (var rank = 0; rank < n; rank++)
        {
            var send = AddLanes(rankOfSendLane, rank, problem.Fabric.SendRate(rank).BitsPerSecond / width);
            var receive = AddLanes(rankOfReceiveLane, rank, problem.Fabric.ReceiveRate(rank).BitsPerSecond / width);
            slots = Math.Max(slots, (problem.Demand.Sent(rank) + send - 1) / send);
            slots = Math.Max(slots, (problem.Demand.Received(rank) + receive - 1) / receive);
        }

        var size = Math.Max(rankOfSendLane.Count, rankOfReceiveLane.Count);
        var left = Deal(problem, rankOfSendLane, rankOfReceiveLane, size, slots);
        return new Schedule(Name, Steps(left, size, [.. rankOfSendLane], [.. rankOfReceiveLane], n));
    }

    /// <summary>Bits per second of one lane.</summary>
    public static long LaneWidth(Fabric fabric)
    {
        BigInteger common = 0;
        var fastest = 0L;
        for (var rank = 0; rank < fabric.RankCount; rank++)
            foreach (var rate in (ReadOnlySpan<long>)[fabric.SendRate(rank).BitsPerSecond, fabric.ReceiveRate(rank).BitsPerSecond])
            {
                common = BigInteger.GreatestCommonDivisor(common, rate);
                fastest = Math.Max(fastest, rate);
            }

        return Math.Max((long)common, (fastest + MostLanesPerPort - 1) / MostLanesPerPort);
    }

    private static long AddLanes(List<int> rankOfLane, int rank, long lanes)
    {
        lanes = Math.Max(1, lanes);
        for (var k = 0; k < lanes; k++) rankOfLane.Add(rank);
        return lanes;
    }

    // Tokens per (send lane, receive lane); no lane carries more than the slots.
    private static long[] Deal(SchedulingProblem problem, List<int> rankOfSendLane, List<int> rankOfReceiveLane, int size, long slots)
    {
        var n = problem.Demand.RankCount;
        var cells = new long[size * size];
        var sendRoom = new long[rankOfSendLane.Count];
        var receiveRoom = new long[rankOfReceiveLane.Count];
        Array.Fill(sendRoom, slots);
        Array.Fill(receiveRoom, slots);
        var send = FirstLanes(rankOfSendLane, n);
        var receive = FirstLanes(rankOfReceiveLane, n);
        for (var source = 0; source < n; source++)
            for (var target = 0; target < n; target++)
                for (var left = source == target ? 0 : problem.Demand[source, target]; left > 0;)
                {
                    while (sendRoom[send[source]] == 0) send[source]++;
                    while (receiveRoom[receive[target]] == 0) receive[target]++;
                    var tokens = Math.Min(left, Math.Min(sendRoom[send[source]], receiveRoom[receive[target]]));
                    cells[(send[source] * size) + receive[target]] += tokens;
                    sendRoom[send[source]] -= tokens;
                    receiveRoom[receive[target]] -= tokens;
                    left -= tokens;
                }

        return cells;
    }

    private static int[] FirstLanes(List<int> rankOfLane, int n)
    {
        var first = new int[n];
        for (var lane = rankOfLane.Count - 1; lane >= 0; lane--) first[rankOfLane[lane]] = lane;
        return first;
    }

    private static List<Step> Steps(long[] left, int size, int[] rankOfSendLane, int[] rankOfReceiveLane, int n)
    {
        var stuffed = left.ToArray();
        LineSums.StuffQuick(stuffed, size);
        var decomposition = new BirkhoffDecomposition(size);
        decomposition.Start(stuffed, size <= LongPhasesUpTo ? MatchingRule.Bottleneck : MatchingRule.HeavyFirst);
        var steps = new List<Step>();
        var columnOfRow = new int[size];
        var tokens = new long[n]; // of the source at hand, per target
        var transfers = new List<Transfer>();
        while (decomposition.Next(columnOfRow) is > 0 and var duration)
        {
            transfers.Clear();
            for (var lane = 0; lane < rankOfSendLane.Length;)
            {
                var source = rankOfSendLane[lane];
                for (; lane < rankOfSendLane.Length && rankOfSendLane[lane] == source; lane++)
                {
                    ref var rest = ref left[(lane * size) + columnOfRow[lane]];
                    if (rest == 0) continue;
                    var sent = Math.Min(rest, duration);
                    rest -= sent;
                    tokens[rankOfReceiveLane[columnOfRow[lane]]] += sent;
                }

                for (var target = 0; target < n; target++)
                {
                    if (tokens[target] == 0) continue;
                    transfers.Add(new Transfer(source, target, tokens[target]));
                    tokens[target] = 0;
                }
            }

            if (transfers.Count > 0) steps.Add(new Step([.. transfers]));
        }

        return steps;
    }
}
