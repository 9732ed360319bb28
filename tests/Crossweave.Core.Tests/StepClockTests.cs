using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Core.Tests;

/// <summary>Hand-worked times. 8 Tbps and 1,000 bytes make a token a nanosecond; the delay is 5 ns.</summary>
public sealed class StepClockTests
{
    private const long Ns = 1000;

    private static Fabric Circuits(int planes = 1, bool partial = false) =>
        new CircuitSwitch().Build(new FabricOptions(3, 1, new Bandwidth(8_000_000_000_000), new SimTime(5 * Ns), PlaneCount: planes, ReconfiguresPartially: partial));

    private static StepTime[] Time(Fabric fabric, params Step[] steps) => ScheduleTiming.Time(new Schedule("test", steps), fabric, new Bytes(1000));

    [Fact]
    public void A_switch_waits_for_the_longest_pair_and_pays_the_delay_once_per_configuration()
    {
        var times = Time(Circuits(), new Step([new(0, 1, 10), new(1, 2, 4)]), new Step([new(0, 1, 3)]), new Step([new(0, 2, 1)]));
        Assert.Equal([new(5 * Ns, 15 * Ns), new(15 * Ns, 18 * Ns), new(23 * Ns, 24 * Ns)], times);
    }

    [Fact]
    public void Planes_run_side_by_side()
    {
        var times = Time(Circuits(planes: 2), new Step([new(0, 1, 10)]), new Step([new(0, 2, 4)], plane: 1), new Step([new(1, 2, 2)], plane: 1));
        Assert.Equal([new(5 * Ns, 15 * Ns), new(5 * Ns, 9 * Ns), new(14 * Ns, 16 * Ns)], times);
    }

    [Fact]
    public void With_partial_reconfiguration_every_pair_waits_for_its_own_ports_only()
    {
        // 0>1 stays up in the second step; 1>2 becomes 2>0, whose ports are free at once; 1>2 comes back and pays again.
        var times = Time(
            Circuits(partial: true),
            new Step([new(0, 1, 10), new(1, 2, 4)]),
            new Step([new(0, 1, 3), new(2, 0, 1)]),
            new Step([new(1, 0, 2)]));
        Assert.Equal(new StepTime(5 * Ns, 15 * Ns), times[0]);
        Assert.Equal(new StepTime(5 * Ns, 18 * Ns), times[1]); // 2>0 from 5 to 6, 0>1 from 15 to 18 without a delay
        Assert.Equal(new StepTime(14 * Ns, 16 * Ns), times[2]); // sender 1 is free at 9, receiver 0 at 6
    }

    [Fact]
    public void A_dark_port_pays_again_when_its_old_circuit_returns()
    {
        // 0>1, then 2>1 takes the receiver, then 0>1 must be set up anew.
        var times = Time(Circuits(partial: true), new Step([new(0, 1, 1)]), new Step([new(2, 1, 1)]), new Step([new(0, 1, 1)]));
        Assert.Equal([new(5 * Ns, 6 * Ns), new(11 * Ns, 12 * Ns), new(17 * Ns, 18 * Ns)], times);
    }

    [Fact]
    public void A_step_waits_for_its_data_before_it_reconfigures()
    {
        var clock = new StepClock(Circuits(), new Bytes(1000));
        Assert.Equal(new StepTime(105 * Ns, 106 * Ns), clock.Play(new Step([new(0, 1, 1)]), readyPs: 100 * Ns));
        Assert.Equal(5 * Ns, clock.ReconfigurationPs);
    }

    [Fact]
    public void Circuits_cannot_be_shared_and_planes_must_exist()
    {
        Assert.Throws<ArgumentException>(() => Time(Circuits(), new Step([new(0, 1, 1), new(0, 2, 1)])));
        Assert.Throws<ArgumentException>(() => Time(Circuits(), new Step([new(0, 1, 1)], plane: 1)));
    }
}
