using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests.Bounds;

/// <summary>
/// Bounds of one exchange on parallel circuit switches against the shortest schedule there is: breadth-first search over unit times for
/// three ranks, over all circuits of all switches and all moments of reconfiguration.
/// </summary>
public sealed class PlaneOracleTests
{
    // Pairs 0>1, 0>2, 1>0, 1>2, 2>0, 2>1, and the maximal matchings as bits of them.
    private static readonly (int Source, int Target)[] Pairs = [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)];
    private static readonly int[] Matchings = Array.ConvertAll<int[], int>([[0, 3, 4], [1, 2, 5], [0, 2], [1, 4], [3, 5]], pairs => pairs.Sum(p => 1 << p));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_bound_is_above_the_shortest_schedule_and_many_are_reached(int planes)
    {
        var reached = 0;
        for (var seed = 0; seed < 60; seed++)
        {
            var prng = new Prng((ulong)seed).Split(planes);
            var (delay, most) = (prng.NextInt(3), planes == 1 ? 3 : 4);
            var demand = Array.ConvertAll(Pairs, _ => prng.NextInt(3) == 0 ? 0 : prng.NextInt(most));
            var optimum = Shortest(demand, planes, delay);
            var cells = new long[9];
            for (var p = 0; p < Pairs.Length; p++) cells[(Pairs[p].Source * 3) + Pairs[p].Target] = demand[p];
            const long UnitPs = 1_000_000; // 1,000 bytes at 8 Gbps, the rate on every switch
            var fabric = new CircuitSwitch().Build(new FabricOptions(3, 1, new Bandwidth(8_000_000_000), new SimTime(delay * UnitPs), PlaneCount: planes));
            var bounds = ScheduleBounds.For(new SchedulingProblem(new TrafficMatrix(3, cells), new Bytes(1000), fabric), keepsEntriesWhole: false);
            foreach (var bound in bounds) Assert.True(bound.Value.Picoseconds <= optimum * UnitPs, $"seed {seed}: {bound.Name} {bound.Value.Picoseconds / (double)UnitPs} above {optimum}");
            if (bounds.Max(b => b.Value.Picoseconds) == optimum * UnitPs) reached++;
        }

        Assert.True(reached >= 15, $"only {reached} of 60 reached");
    }

    [Fact]
    public void The_oracle_knows_hand_cases()
    {
        Assert.Equal(0, Shortest([0, 0, 0, 0, 0, 0], 1, 2));
        Assert.Equal(5, Shortest([3, 0, 0, 0, 0, 0], 1, 2)); // dark at first
        Assert.Equal(4, Shortest([3, 0, 0, 0, 0, 0], 2, 2)); // both switches carry it
        Assert.Equal(5, Shortest([1, 2, 0, 0, 0, 0], 1, 1)); // two circuits of one port
        Assert.Equal(3, Shortest([1, 2, 0, 0, 0, 0], 2, 1));
    }

    // Units of time until everything is sent. A state is the rest of the demand and, per switch, its matching and the units until it is up.
    private static int Shortest(int[] demand, int planes, int delay)
    {
        var start = new State(demand.Aggregate(0, (packed, d) => (packed * 8) + d), planes == 1 ? [new(-1, 0)] : [new(-1, 0), new(-1, 0)]);
        var seen = new HashSet<long> { start.Key };
        var states = new List<State> { start };
        for (var time = 0; ; time++)
        {
            if (states.Exists(s => s.Rest == 0)) return time;
            var next = new List<State>();
            foreach (var state in states)
                foreach (var first in Actions(state.Planes[0], delay))
                {
                    if (planes == 1) Add(new State(Send(state.Rest, first), [first]));
                    else foreach (var second in Actions(state.Planes[1], delay)) Add(new State(Send(Send(state.Rest, first), second), [first, second]));
                }

            states = next;

            void Add(State s)
            {
                if (seen.Add(s.Key)) next.Add(s);
            }
        }
    }

    // What a switch may do in one unit: go on, wait until its circuits are up, or begin to set up others.
    private static IEnumerable<Plane> Actions(Plane plane, int delay)
    {
        if (plane.Wait > 0)
        {
            yield return plane with { Wait = plane.Wait - 1, Sends = false };
            yield break;
        }

        for (var m = 0; m < Matchings.Length; m++)
            yield return m == plane.Matching || delay == 0 ? new Plane(m, 0, Sends: true) : new Plane(m, delay - 1);
    }

    private static int Send(int rest, Plane plane)
    {
        if (!plane.Sends) return rest;
        for (var p = 0; p < Pairs.Length; p++)
        {
            var digit = 3 * (Pairs.Length - 1 - p);
            if ((Matchings[plane.Matching] >> p & 1) != 0 && (rest >> digit & 7) > 0) rest -= 1 << digit;
        }

        return rest;
    }

    private readonly record struct Plane(int Matching, int Wait, bool Sends = false);

    private sealed record State(int Rest, Plane[] Planes)
    {
        public long Key => Planes.Aggregate((long)Rest, (key, p) => (((key * 8) + p.Matching + 1) * 4) + p.Wait);
    }
}
