using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Lanes for unequal ports (deployment spec 3.4): every port is split into lanes of one rate, the tokens of a port are dealt to
/// its lanes so that none gets more than T (de Werra: entries row by row, first lane with room), and the lane-by-lane matrix is an open
/// shop with equal ports, solved by Birkhoff. Lanes are mapped back, so the steps share ports and need a packet switch.
/// </summary>
/// <remarks>
/// <para>A slot of S time units gives a port with c units per token floor(S / c) lanes (at most 64); one slot = one token on one lane.
/// T = max ceil(load / lanes) slots, so the length is at most T x S. S is the whole multiple of some port's c, up to 64 of the smallest, for
/// which that is least; ties: the smallest. For 100/80/50/40 Gbps S = 80 with 10/8/5/4 lanes is among them, and where S is a multiple of
/// all c the length is below PORT + S, against up to c_max / c_min times PORT for one-to-one orders. Equal ports have one lane each: the
/// steps are matchings, the length is the port bound. Ports without a small common multiple leave a part of a lane unused.</para>
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
        var slot = SlotPs(problem);
        var (rankOfSendLane, slots) = (new List<int>(), 0L);
        var rankOfReceiveLane = new List<int>();
        for (var rank = 0; rank < n; rank++)
        {
            var send = AddLanes(rankOfSendLane, rank, Lanes(slot, TokenPs(problem, problem.Fabric.SendRate(rank))));
            var receive = AddLanes(rankOfReceiveLane, rank, Lanes(slot, TokenPs(problem, problem.Fabric.ReceiveRate(rank))));
            slots = Math.Max(slots, (problem.Demand.Sent(rank) + send - 1) / send);
            slots = Math.Max(slots, (problem.Demand.Received(rank) + receive - 1) / receive);
        }

        var size = Math.Max(rankOfSendLane.Count, rankOfReceiveLane.Count);
        var left = Deal(problem, rankOfSendLane, rankOfReceiveLane, size, slots);
        return new Schedule(Name, Steps(left, size, [.. rankOfSendLane], [.. rankOfReceiveLane], n));
    }

    /// <summary>Time in which every lane carries one token. O(64 x ranks x distinct rates).</summary>
    public static long SlotPs(SchedulingProblem problem)
    {
        var ports = new (long TokenPs, long Load)[2 * problem.Demand.RankCount];
        for (var rank = 0; rank < ports.Length / 2; rank++)
        {
            ports[2 * rank] = (TokenPs(problem, problem.Fabric.SendRate(rank)), problem.Demand.Sent(rank));
            ports[(2 * rank) + 1] = (TokenPs(problem, problem.Fabric.ReceiveRate(rank)), problem.Demand.Received(rank));
        }

        var slowest = ports.Max(p => p.TokenPs);
        var longest = Math.Max(slowest, checked(MostLanesPerPort * ports.Min(p => p.TokenPs)));
        var slots = new SortedSet<long>();
        foreach (var cost in ports.Select(p => p.TokenPs).Distinct())
            for (var slot = (slowest + cost - 1) / cost * cost; slot <= longest; slot += cost)
                slots.Add(slot);
        return slots.MinBy(slot => LengthPs(ports, slot));
    }

    private static long LengthPs((long TokenPs, long Load)[] ports, long slot)
    {
        var (count, used) = (0L, 0L);
        foreach (var (tokenPs, load) in ports)
        {
            if (load == 0) continue;
            var lanes = Lanes(slot, tokenPs);
            count = Math.Max(count, (load + lanes - 1) / lanes);
            used = Math.Max(used, lanes * tokenPs);
        }

        return checked(count * used);
    }

    private static long TokenPs(SchedulingProblem problem, Bandwidth rate) => Math.Max(1, rate.TransferPs(problem.TokenBytes.Value));

    private static long Lanes(long slot, long tokenPs) => Math.Min(MostLanesPerPort, slot / tokenPs);

    private static long AddLanes(List<int> rankOfLane, int rank, long lanes)
    {
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
