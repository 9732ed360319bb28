using Crossweave.Algorithms;
using Crossweave.Core.Bounds;
using Crossweave.Core.Scheduling;
using Crossweave.Planning;
using Crossweave.Planning.Scheduling;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>
/// Schedulers on the same instances: makespan over the best bound that holds for every method (no whole-entry bound), wins and losses.
/// A method wins an instance when nobody is better, and loses it when it is more than 1 % above the best. Methods that choose among
/// others choose among the contestants.
/// </summary>
internal sealed class ScheduleContest(IReadOnlyList<IScheduler> schedulers)
{
    private const double Close = 1.01;

    private readonly SortedDictionary<int, Dictionary<string, (double Sum, int Count)>> _gaps = []; // scheduler -> group
    private readonly double[] _worst = new double[schedulers.Count];
    private readonly int[] _wins = new int[schedulers.Count];
    private readonly int[] _losses = new int[schedulers.Count];
    private readonly int[] _optimal = new int[schedulers.Count];
    private readonly long[] _steps = new long[schedulers.Count];
    private readonly List<string> _groups = [];

    public int InstanceCount { get; private set; }

    /// <summary>The schedulers that the entry names, or all.</summary>
    public static IReadOnlyList<IScheduler> Choose(Core.Formats.Documents.JsonInput? names) =>
        names is { } list
            ? [.. list.Items().Select(n => Schedulers.Find(n.Text(), n.Where))]
            : Schedulers.All;

    /// <summary>Plays the instances side by side and counts them in order, so the thread count never shows.</summary>
    public void Add(IReadOnlyList<(string Group, SchedulingProblem Problem, Prng Prng)> instances)
    {
        var results = new (long BoundPs, (long Ps, int Steps)[] Runs)[instances.Count];
        Parallel.For(0, results.Length, i => results[i] = Play(instances[i].Problem, instances[i].Prng));
        for (var i = 0; i < results.Length; i++)
            if (results[i].BoundPs > 0)
                Count(instances[i].Group, results[i].BoundPs, results[i].Runs);
    }

    private (long BoundPs, (long Ps, int Steps)[] Runs) Play(SchedulingProblem problem, Prng prng)
    {
        // Methods that share ports run on a packet switch, so only what holds there is a bound for all.
        var common = schedulers.Select(s => s.TimedOn(problem.Fabric)).FirstOrDefault(f => !f.IsCircuitSwitched) ?? problem.Fabric;
        var bound = ScheduleBounds.For(problem with { Fabric = common }, keepsEntriesWhole: false).Max(b => b.Value.Picoseconds);
        if (bound == 0) return (0, []);
        return (bound, [.. ScheduleRuns.Make(schedulers, schedulers, problem, prng)
            .Select(run => (ScheduleTiming.MakespanPs(run.Schedule, run.Fabric, problem.TokenBytes), run.Schedule.Steps.Count))]);
    }

    private void Count(string group, long bound, (long Ps, int Steps)[] runs)
    {
        if (!_groups.Contains(group)) _groups.Add(group);
        InstanceCount++;
        var best = runs.Min(r => r.Ps);
        for (var s = 0; s < runs.Length; s++)
        {
            var (ps, steps) = runs[s];
            _steps[s] += steps;
            var gap = (double)ps / bound;
            if (!_gaps.TryGetValue(s, out var byGroup)) _gaps[s] = byGroup = [];
            var (sum, count) = byGroup.GetValueOrDefault(group);
            byGroup[group] = (sum + gap, count + 1);
            _worst[s] = Math.Max(_worst[s], gap);
            if (ps <= bound) _optimal[s]++;
            if (ps == best) _wins[s]++;
            if (ps > best * Close) _losses[s]++;
        }
    }

    /// <summary>One row per scheduler: mean gap per group, mean over all, worst, wins, losses, steps per instance.</summary>
    public string Markdown()
    {
        List<Column> columns = [new("scheduler", true), .. _groups.Select(g => new Column(g)), new("mean"), new("worst"), new("at the bound"), new("wins"), new("losses"), new("steps")];
        var table = new Table("", columns);
        for (var s = 0; s < schedulers.Count; s++)
        {
            var byGroup = _gaps.GetValueOrDefault(s) ?? [];
            var cells = new List<Cell> { schedulers[s].Name };
            foreach (var g in _groups) cells.Add(byGroup.TryGetValue(g, out var x) ? ReportText.Fixed(x.Sum / x.Count, 4) : "-");
            var (total, count) = byGroup.Values.Aggregate((Sum: 0.0, Count: 0), (a, b) => (a.Sum + b.Sum, a.Count + b.Count));
            cells.AddRange([ReportText.Fixed(total / Math.Max(1, count), 4), ReportText.Fixed(_worst[s], 4), $"{_optimal[s]}", $"{_wins[s]}", $"{_losses[s]}", ReportText.Fixed((double)_steps[s] / Math.Max(1, InstanceCount), 1)]);
            table.Add([.. cells]);
        }

        return MarkdownTable.Write(table);
    }
}
