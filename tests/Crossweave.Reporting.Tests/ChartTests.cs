using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Layers;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Tests;

public sealed class ChartTests
{
    [Fact]
    public void Small_heat_map_golden()
    {
        // Row 0: 0, 4, 4 -> levels 0, 32, 32; row 1: 2, NaN, 1 -> levels 16, empty, 8. The first largest cell is framed.
        var image = new HeatMap
        {
            Title = "Load <1>",
            Values = [[0, 4, 4], [2, double.NaN, 1]],
            RowName = "layer",
            ColumnName = "expert",
            Unit = "tokens",
            Width = 400,
        }.Render();
        Assert.Contains(
            """
            <g class="cells" transform="translate(48 44) scale(28 22)">
            <path class="void" d="M1 1.5h1"/>
            <path class="s0" d="M0 0.5h1"/>
            <path class="s8" d="M2 1.5h1"/>
            <path class="s16" d="M0 1.5h1"/>
            <path class="s32" d="M1 0.5h2"/>
            </g>
            <rect class="frame" x="48" y="44" width="84" height="44"/>
            """.ReplaceLineEndings("\n"),
            image.Body);
        Assert.Contains("<rect class=\"mark\" x=\"74\" y=\"42\" width=\"32\" height=\"26\"/>", image.Body);
        Assert.StartsWith("<svg class=\"cw\" role=\"img\" viewBox=\"0 0 400 130\" width=\"400\" height=\"130\">\n<title>Load &lt;1&gt;</title>\n", image.Inline());
        Assert.Equal("2 by 3 values; most: layer 0, expert 1: 4 tokens.", image.Description);
    }

    [Fact]
    public void Small_timeline_golden()
    {
        // Two ranks, 100 ns: rank 0 sends 0-20, rank 1 computes 20-80 (rank 0 its own 0-30), rank 1 returns 80-100.
        var image = new GanttChart { Title = "t", RankCount = 2, Outcome = TwoRanks(), Width = 678 }.Render(); // plot 46 .. 546: 5 px per ns
        Assert.Contains("<path class=\"send\" stroke-width=\"10\" d=\"M46 71h99.4\"/>", image.Body); // send row of rank 0
        Assert.Contains("<path class=\"work\" stroke-width=\"10\" d=\"M146 132h299.4\"/>", image.Body); // compute row of rank 1
        Assert.Contains("<path class=\"back\" stroke-width=\"10\" d=\"M446 110h99.4\"/>", image.Body); // send row of rank 1
        Assert.Contains("dispatch step 0, 0 → 1: 7 tokens, 0 ps – 20 ns", image.Body);
        // Send ports: each busy 20 of 100. Receive: the same. Compute: 30 and 60 of 100, idle 55 %.
        Assert.Contains("Idle on average: send ports 80 %, receive ports 80 %, compute 55 % of 100 ns. Bottleneck of the bound: rank 1.", image.Body);
        Assert.Contains("lower bound 80 ns (compute), gap 1.250×", image.Body);
    }

    [Fact]
    public void Traffic_pair_names_hottest_pair_and_cross_node_share_on_one_scale()
    {
        var before = new TrafficMatrix(2, [5, 40, 10, 45]);
        var after = new TrafficMatrix(2, [50, 10, 20, 20]);
        var image = new TrafficHeatMap { Title = "t", Panels = [new("before", before), new("after", after)], NodeCount = 2 }.Render();
        Assert.Contains("hottest pair 0 → 1: 40 tokens · 50.0 % local, 50.0 % across nodes", image.Body);
        Assert.Contains("hottest pair 1 → 0: 20 tokens · 70.0 % local, 30.0 % across nodes", image.Body);
        Assert.Contains("40 tokens per pair", image.Body);
        Assert.Contains("<path class=\"s32\" d=\"M1 0.5h1\"/>", image.Body); // 40 of 40
        Assert.Contains("<path class=\"s16\" d=\"M0 1.5h1\"/>", image.Body); // 20 of 40, in the other panel
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    public void Random_drawings_are_well_formed_finite_and_repeatable(int seed)
    {
        for (var round = 0; round < 20; round++)
        {
            var first = Drawings(new Prng((ulong)seed).Split(round));
            var second = Drawings(new Prng((ulong)seed).Split(round));
            for (var i = 0; i < first.Count; i++)
            {
                Assert.True(first[i] == second[i], $"seed {seed}, round {round}, drawing {i}: differs between runs");
                Check(first[i]);
            }
        }
    }

    [Fact]
    public void Extreme_inputs_are_drawn()
    {
        var nothing = new LayerOutcome("e", SimTime.Zero, SimTime.Zero, SimTime.Zero, [], []);
        var endless = new LayerOutcome(
            "e", new SimTime(long.MaxValue), SimTime.Zero, SimTime.Zero, [new LowerBound("port", new SimTime(long.MaxValue - 1), "x")],
            [new Activity(ActivityKind.Dispatch, 0, 1, 0, long.MaxValue, long.MaxValue, 0)]);
        foreach (var ranks in new[] { 1, 2, 128 })
        {
            Check(new GanttChart { Title = "t", RankCount = ranks, Outcome = nothing }.Render());
            Check(new GanttChart { Title = "t", RankCount = ranks, Outcome = endless }.Render());
            var zero = new TrafficMatrix(ranks, new long[ranks * ranks]);
            var huge = new long[ranks * ranks];
            huge[^1] = long.MaxValue;
            Check(new TrafficHeatMap { Title = "t", Panels = [new("a", zero), new("b", new TrafficMatrix(ranks, huge))], NodeCount = ranks }.Render());
            Check(new BarChart { Title = "t", Categories = Names(ranks), Series = [new("s", new double[ranks])], CategoryTitle = "c", ValueTitle = "v", Reference = 0 }.Render());
        }

        Check(new HeatMap { Title = "t", Values = [], RowName = "r", ColumnName = "c", Unit = "u" }.Render());
        Check(new HeatMap { Title = "t", Values = [[]], RowName = "r", ColumnName = "c", Unit = "u" }.Render());
        Check(new HeatMap { Title = "t", Values = [[double.NaN, double.PositiveInfinity]], RowName = "r", ColumnName = "c", Unit = "u" }.Render());
        Check(new HeatMap { Title = "t", Values = [[0, 1e300, double.Epsilon]], RowName = "r", ColumnName = "c", Unit = "u", Scale = ColorScaleKind.Diverging }.Render());
        Check(new LineChart { Title = "t", Positions = [], Series = [], PositionTitle = "p", ValueTitle = "v" }.Render());
        Check(new LineChart { Title = "t", Positions = ["a"], Series = [new("s", [double.NaN]), new("n", [-3])], PositionTitle = "p", ValueTitle = "v", ValuesFrom = 1 }.Render());
        Check(new LineChart { Title = "t", Positions = ["a", "b"], Series = [new("s", [1e18, 1e300])], PositionTitle = "p", ValueTitle = "v" }.Render());
    }

    [Fact]
    public void Large_drawings_stay_small()
    {
        var prng = new Prng(4);
        var values = Enumerable.Range(0, 58).Select(_ => Enumerable.Range(0, 256).Select(_ => prng.NextDouble()).ToArray()).ToArray();
        var map = new HeatMap { Title = "t", Values = values, RowName = "layer", ColumnName = "expert", Unit = "x" }.Render();
        Assert.InRange(map.Inline().Length, 20_000, 200_000);

        var outcome = SyntheticPlan.Timeline(SyntheticPlan.Traffic([.. Enumerable.Repeat(4000L, 32)], 4, prng.Split("traffic")));
        var chart = new GanttChart { Title = "t", RankCount = 32, Outcome = outcome }.Render();
        Assert.InRange(chart.Inline().Length, 20_000, 250_000);
    }

    [Fact]
    public void Colours_are_ordered_by_lightness_in_both_modes()
    {
        for (var level = 1; level < ColorScale.LevelCount; level++)
        {
            Assert.True(Luminance(level, isDark: false) < Luminance(level - 1, isDark: false), $"light, level {level}");
            Assert.True(Luminance(level, isDark: true) > Luminance(level - 1, isDark: true), $"dark, level {level}");
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 32)]
    [InlineData(0.5, 16)]
    [InlineData(-3, 0)]
    [InlineData(7, 32)]
    [InlineData(double.NaN, 0)]
    public void Positions_map_to_levels_and_clip(double position, int level) => Assert.Equal(level, ColorScale.Level(position));

    [Fact]
    public void Axis_ticks_are_round_and_cover_the_range()
    {
        Assert.Equal([0, 20, 40, 60, 80, 100], Axis.Cover(0, 97, 5).Ticks);
        Assert.Equal([1, 1.5, 2, 2.5], Axis.Cover(1, 2.3, 3).Ticks, (a, b) => Math.Abs(a - b) < 1e-12);
        var kept = Axis.Cover(0, 97, 5, keepEnd: true);
        Assert.Equal(97, kept.To);
        Assert.Equal([0, 20, 40, 60, 80], kept.Ticks);
    }

    [Fact]
    public void Busy_time_counts_overlaps_once_and_reconfiguration_never()
    {
        List<Interval> row =
        [
            new(ActivityKind.Reconfigure, 0, 10, ""), new(ActivityKind.Dispatch, 10, 30, ""), new(ActivityKind.Dispatch, 12, 20, ""),
            new(ActivityKind.Combine, 25, 40, ""), new(ActivityKind.Combine, 50, 55, ""),
        ];
        Assert.Equal(35, GanttLanes.BusyPs(row));
    }

    private static LayerOutcome TwoRanks() => new(
        "barrier", new SimTime(100_000), new SimTime(20_000), new SimTime(80_000), [new LowerBound("compute", new SimTime(80_000), "rank 1")],
        [
            new Activity(ActivityKind.Dispatch, 0, 1, 0, 20_000, 7, 0), new Activity(ActivityKind.Launch, 0, -1, 0, 30_000, 3, 0),
            new Activity(ActivityKind.Launch, 1, -1, 20_000, 80_000, 7, 0), new Activity(ActivityKind.Combine, 1, 0, 80_000, 100_000, 7, 0),
        ]);

    private static List<SvgImage> Drawings(Prng prng)
    {
        var rows = prng.NextInt(40);
        var columns = prng.NextInt(70);
        double Any() => prng.NextInt(12) switch { 0 => double.NaN, 1 => 0, 2 => -prng.NextDouble(), 3 => 1e12 * prng.NextDouble(), _ => prng.NextDouble() * 5 };
        double[] Some(int count) => [.. Enumerable.Range(0, count).Select(_ => Any())];
        var values = Enumerable.Range(0, rows).Select(_ => Some(columns)).ToArray();
        var scale = prng.NextInt(2) == 0 ? ColorScaleKind.Sequential : ColorScaleKind.Diverging;
        var series = Enumerable.Range(0, prng.NextInt(12)).Select(i => new ChartSeries($"<s&{i}>", Some(columns))).ToArray();
        var n = 1 + prng.NextInt(40);
        var activities = new List<Activity>();
        for (var i = prng.NextInt(300); i > 0; i--)
        {
            var start = prng.NextInt(1_000_000);
            activities.Add(new Activity((ActivityKind)prng.NextInt(4), prng.NextInt(n + 2) - 1, prng.NextInt(n + 1) - 1, start, start + prng.NextInt(50_000), i, i));
        }

        var end = activities.Count == 0 ? 0 : activities.Max(a => a.EndPs);
        var outcome = new LayerOutcome("e", new SimTime(end), SimTime.Zero, SimTime.Zero, [new LowerBound("<b>", new SimTime(end / 2), "\"x\"")], activities);
        var cells = new long[n * n];
        for (var i = 0; i < cells.Length; i++) cells[i] = prng.NextInt(3) * (long)prng.NextInt(100_000);
        return
        [
            new HeatMap { Title = "<&>", Values = values, RowName = "r&", ColumnName = "c<", Unit = "u>", Scale = scale }.Render(),
            new BarChart { Title = "t", Categories = Names(columns), Series = series, CategoryTitle = "c", ValueTitle = "v", Reference = Any() }.Render(),
            new LineChart { Title = "t", Positions = Names(columns), Series = series, PositionTitle = "p", ValueTitle = "v" }.Render(),
            new GanttChart { Title = "t", RankCount = n, Outcome = outcome }.Render(),
            new TrafficHeatMap { Title = "t", Panels = [new("a", new TrafficMatrix(n, cells)), new("b", new TrafficMatrix(n, new long[n * n]))], NodeCount = 1 + prng.NextInt(4) }.Render(),
        ];
    }

    private static void Check(SvgImage image)
    {
        Rules.AssertWellFormed(image.Inline());
        Rules.AssertWellFormed(image.Standalone());
        Rules.AssertSelfContained(image.Standalone());
        Assert.DoesNotContain("NaN", image.Body);
        Assert.DoesNotContain("Infinity", image.Body);
        Assert.DoesNotMatch("[\" ]-?[0-9.]+E[+-]?[0-9]", image.Body);
        Assert.InRange(image.Height, 40, 4000);
    }

    private static double Luminance(int level, bool isDark)
    {
        var hex = ColorScale.Hex(ColorScaleKind.Sequential, level, isDark);
        double Channel(int at) => Math.Pow(Convert.ToInt32(hex.Substring(at, 2), 16) / 255.0, 2.2);
        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => $"{i}")];
}
