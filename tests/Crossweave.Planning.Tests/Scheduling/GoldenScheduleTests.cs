using Crossweave.Algorithms;
using Crossweave.Algorithms.Decomposition;
using Crossweave.Core.Scheduling;
using Crossweave.Planning.Scheduling;

namespace Crossweave.Planning.Tests.Scheduling;

/// <summary>Numbers of scheduling spec 5.2 to 5.4.</summary>
public sealed class GoldenScheduleTests
{
    private static readonly int[][] Seven =
    [
        [2, 4, 6, 7, 1, 3, 5, 0], [4, 5, 1, 0, 2, 7, 3, 6], [1, 0, 3, 6, 7, 2, 4, 5], [5, 3, 0, 2, 6, 1, 7, 4],
        [6, 7, 4, 1, 5, 0, 2, 3], [7, 2, 5, 4, 3, 6, 0, 1], [3, 6, 7, 5, 0, 4, 1, 2],
    ];

    [Fact]
    public void Greedy_gives_exactly_the_seven_published_matchings()
    {
        var (schedule, tokens) = Run(new GreedyMaxWeightScheduler());
        Assert.Equal(Seven, schedule.Steps.Select(s => s.Transfers.Select(t => t.Target).ToArray()));
        Assert.Equal([15298, 14910, 14488, 13881, 13667, 12997, 12738], schedule.Steps.Select(s => s.Transfers.Sum(t => t.Tokens)));
        Assert.Equal([3527, 3196, 3005, 2654, 2832, 2408, 2083], schedule.Steps.Select(s => s.Transfers.Max(t => t.Tokens)));
        Assert.Equal([1127, 919, 1177, 1185, 869, 1103, 861], schedule.Steps.Select(s => s.Transfers.Min(t => t.Tokens)));
        Assert.Equal(19_705, tokens);
    }

    [Fact]
    public void Shifted_fluid_and_open_shop_durations()
    {
        Assert.Equal(19_943, Run(new ShiftedScheduler()).Tokens);
        Assert.Equal(19_627, Run(FluidScheduler.Fluid).Tokens);
        var (schedule, tokens) = Run(new OpenShopScheduler());
        Assert.Equal(19_627, tokens);
        Assert.InRange(schedule.Steps.Count, 1, 50);
        TestContext.Current.TestOutputHelper?.WriteLine($"open-shop phases {schedule.Steps.Count}");
    }

    [Fact]
    public void Sinkhorn_matrix_is_the_printed_one_within_one()
    {
        long[] printed =
        [
            1547, 1898, 1858, 1373, 1960, 1898, 1782, 1591,
            1855, 1685, 1609, 1706, 1792, 1817, 1744, 1701,
            1765, 1680, 1667, 1782, 1713, 1773, 1896, 1631,
            1832, 1727, 1718, 1901, 1613, 1598, 1679, 1840,
            1711, 1865, 1747, 1715, 1662, 1670, 1712, 1827,
            1653, 1750, 1850, 2033, 1551, 1559, 1558, 1953,
            1670, 1582, 1778, 1831, 1846, 1847, 1582, 1771,
            1874, 1720, 1681, 1567, 1771, 1746, 1955, 1593,
        ];
        var scaled = new double[64];
        Assert.True(Sinkhorn.Scale(GoldenMatrix.Cells(), 8, scaled));
        for (var k = 0; k < 64; k++) Assert.InRange(scaled[k], printed[k] - 1.0, printed[k] + 1.0);
        Assert.Equal(13_907.75, scaled[..8].Sum(), 6);
    }

    // With the diagonal counted as a transfer, as the paper's "about 22 600" does. Spec 5.3 found 22 582 (any, bottleneck) and
    // 22 598 (max-weight); which perfect matching is met first decides, and the full column 1 = 22 582 is the floor.
    [Theory]
    [InlineData(MatchingRule.HeavyFirst)]
    [InlineData(MatchingRule.Bottleneck)]
    [InlineData(MatchingRule.MaxWeight)]
    public void Birkhoff_after_Sinkhorn_takes_fifty_matchings_and_the_full_column(MatchingRule rule)
    {
        var demand = GoldenMatrix.Cells();
        var scaled = new double[64];
        Sinkhorn.Scale(demand, 8, scaled);
        var units = Sinkhorn.ToUnits(demand, 8, scaled, 1 << 20);
        var decomposition = new BirkhoffDecomposition(8);
        decomposition.Start(units, rule);
        var columns = new int[8];
        var (count, total) = (0, 0.0);
        while (decomposition.Next(columns) is > 0 and var weight)
        {
            count++;
            total += Enumerable.Range(0, 8).Max(i => (double)demand[(i * 8) + columns[i]] * weight / units[(i * 8) + columns[i]]);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{rule}: {count} matchings, {total:F3}");
        Assert.Equal(50, count);
        Assert.InRange(total, 22_581.9, 22_600);
        if (rule == MatchingRule.MaxWeight) Assert.InRange(total, 22_597, 22_599);
    }

    [Fact]
    public void Bvn_sinkhorn_schedule_has_at_most_fifty_steps()
    {
        var (schedule, tokens) = Run(new BvnSinkhornScheduler());
        TestContext.Current.TestOutputHelper?.WriteLine($"bvn-sinkhorn {schedule.Steps.Count} steps, {tokens} tokens");
        Assert.InRange(schedule.Steps.Count, 45, 50);
        Assert.InRange(tokens, 22_570, 22_650); // the diagonal counted: about 22 600, near the full column 1 = 22 582 plus whole-token rounding
    }

    [Fact]
    public void Bottleneck_Birkhoff_on_the_stuffed_matrix_is_short_and_exact()
    {
        var cells = GoldenMatrix.Cells();
        for (var i = 0; i < 8; i++) cells[(i * 8) + i] = 0;
        Assert.Equal(19_627, LineSums.StuffQuick(cells, 8));
        var decomposition = new BirkhoffDecomposition(8);
        decomposition.Start(cells, MatchingRule.Bottleneck);
        var columns = new int[8];
        var (count, total) = (0, 0L);
        while (decomposition.Next(columns) is > 0 and var weight) (count, total) = (count + 1, total + weight);
        Assert.Equal(19_627, total);
        Assert.InRange(count, 33, 39); // spec 5.3: 36, a few either way with another perfect matching
    }

    private static (Schedule Schedule, long Tokens) Run(IScheduler scheduler)
    {
        var problem = GoldenMatrix.Problem(8, GoldenMatrix.Cells());
        var schedule = scheduler.Schedule(problem, new Prng(0));
        return (schedule, GoldenMatrix.Tokens(schedule, problem with { Fabric = scheduler.TimedOn(problem.Fabric) }));
    }
}
