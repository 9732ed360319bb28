using Crossweave.Algorithms;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Layers;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Simulation.Tests;

public sealed class LayerSchedulesTests
{
    [Fact]
    public void Combine_takes_the_dispatch_steps_transposed_only_where_the_matrices_allow_it()
    {
        var rows = new TrafficMatrix(2, [5, 4, 3, 1]);
        var copies = new TrafficMatrix(2, [5, 2, 3, 1]);
        var back = new TrafficMatrix(2, [7, 3, 2, 9]); // differs on the diagonal only, which is never scheduled
        var scheduler = new OneByOne(needsPacketFabric: false);
        var same = LayerSchedules.Build(scheduler, Layer(new Exchange(copies, rows), new Exchange(back, rows.Transpose())), new Prng(1));
        Assert.Equal([new Transfer(0, 1, 2), new Transfer(1, 0, 3)], same.Dispatch[0].Steps.Select(s => s.Transfers[0]));
        Assert.Equal([new Transfer(1, 0, 2), new Transfer(0, 1, 3)], same.Combine[0].Steps.Select(s => s.Transfers[0]));
        var other = LayerSchedules.Build(scheduler, Layer(new Exchange(copies, rows), new Exchange(rows.Transpose(), rows.Transpose())), new Prng(1));
        Assert.Equal([new Transfer(0, 1, 3), new Transfer(1, 0, 4)], other.Combine[0].Steps.Select(s => s.Transfers[0]));
    }

    [Fact]
    public void Schedulers_that_share_ports_see_and_are_evaluated_on_the_packet_twin()
    {
        var matrix = new TrafficMatrix(2, [0, 4, 3, 0]);
        var layer = Layer(new Exchange(matrix, matrix), new Exchange(matrix.Transpose(), matrix.Transpose()));
        Assert.Same(layer, LayerSchedules.ProblemFor(new OneByOne(needsPacketFabric: false), layer));
        var sharing = new OneByOne(needsPacketFabric: true);
        var twin = LayerSchedules.ProblemFor(sharing, layer);
        Assert.False(twin.Fabric.IsCircuitSwitched);
        var schedule = LayerSchedules.Build(sharing, layer, new Prng(1)); // throws unless it is shown a packet fabric
        foreach (var evaluator in LayerEvaluators.All) Assert.True(evaluator.Evaluate(twin, schedule).Gap >= 1);
    }

    private static LayerProblem Layer(Exchange dispatch, Exchange combine)
    {
        var fabric = new CircuitSwitch().Build(new FabricOptions(2, 1, new Bandwidth(1_000_000_000), new SimTime(1000)));
        var profile = new AdditiveProfile("test", 10, 10);
        return new LayerProblem(new LayerTraffic([dispatch], [combine], new Bytes(10), new Bytes(20)), fabric, [profile, profile]);
    }

    private sealed class OneByOne(bool needsPacketFabric) : IScheduler
    {
        public string Name => "one-by-one";

        public string Summary => "one transfer per step, row-major";

        public bool KeepsEntriesWhole => true;

        public Fabric TimedOn(Fabric fabric) => needsPacketFabric ? FabricKinds.PacketTwin(fabric) : fabric;

        public Schedule Schedule(SchedulingProblem problem, Prng prng)
        {
            if (needsPacketFabric == problem.Fabric.IsCircuitSwitched) throw new InvalidOperationException("wrong fabric");
            var n = problem.Demand.RankCount;
            var steps = new List<Step>();
            for (var s = 0; s < n; s++)
                for (var t = 0; t < n; t++)
                    if (s != t && problem.Demand[s, t] > 0)
                        steps.Add(new Step([new Transfer(s, t, problem.Demand[s, t])]));
            return new Schedule(Name, steps);
        }
    }
}
