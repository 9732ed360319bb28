using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// The steps of a schedule of matchings, open for changes: who sends what to whom in each step, and how long the step lasts.
/// Memory steps x ranks. Steps that are not touched keep their objects.
/// </summary>
internal sealed class StepTable
{
    private const int Idle = -1;

    private readonly SchedulingProblem _problem;
    private readonly int _n;
    private readonly List<Row> _rows = [];
    private readonly long _delayPs;
    private bool _whole = true;

    private StepTable(SchedulingProblem problem)
    {
        _problem = problem;
        _n = problem.Demand.RankCount;
        _delayPs = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        Carried = new long[_n * _n];
    }

    /// <summary>Tokens per pair in all steps together.</summary>
    public long[] Carried { get; }

    /// <summary>Whether all steps are one-to-one between ranks of the problem and none waits for a local transfer.</summary>
    public static bool Fits(Schedule schedule, int rankCount)
    {
        var (sends, receives) = (new int[rankCount], new int[rankCount]); // last step that used the port, counted from 1
        for (var m = 1; m <= schedule.Steps.Count; m++)
        {
            var step = schedule.Steps[m - 1];
            if (step.Held is not null) return false;
            foreach (var t in step.Transfers)
            {
                if ((uint)t.Source >= (uint)rankCount || (uint)t.Target >= (uint)rankCount || t.Source == t.Target || t.Tokens <= 0) return false;
                if (sends[t.Source] == m || receives[t.Target] == m) return false;
                (sends[t.Source], receives[t.Target]) = (m, m);
            }
        }

        return true;
    }

    /// <summary>Reads a schedule that <see cref="Fits"/>, with its times.</summary>
    public static StepTable Read(Schedule schedule, SchedulingProblem problem, ReadOnlySpan<StepTime> times)
    {
        var table = new StepTable(problem);
        for (var m = 0; m < schedule.Steps.Count; m++)
        {
            var row = new Row(table._n, times[m].EndPs - times[m].StartPs, schedule.Steps[m]);
            foreach (var t in schedule.Steps[m].Transfers)
            {
                row.Read(t);
                ref var carried = ref table.Carried[(t.Source * table._n) + t.Target];
                table._whole &= carried == 0;
                carried = checked(carried + t.Tokens);
            }

            table._rows.Add(row);
        }

        return table;
    }

    /// <summary>Time of some tokens of a pair on the wire.</summary>
    public long PairPs(int pair, long tokens) =>
        _problem.Fabric.PairRate(pair / _n, pair % _n).TransferPs(checked(tokens * _problem.TokenBytes.Value));

    /// <summary>Cuts a pair down to <paramref name="tokens"/>, last steps first; does nothing when it carries no more than that.</summary>
    public void Lower(int pair, long tokens)
    {
        var (source, target) = (pair / _n, pair % _n);
        for (var m = _rows.Count - 1; m >= 0 && Carried[pair] > tokens; m--)
        {
            var row = _rows[m];
            if (row.Target[source] != target) continue;
            var cut = Math.Min(Carried[pair] - tokens, row.Tokens[source]);
            row.Set(source, target, row.Tokens[source] - cut);
            row.DurationPs = LongestPs(row);
            Carried[pair] -= cut;
        }
    }

    /// <summary>
    /// Brings a pair up to <paramref name="tokens"/>; does nothing when it carries that much. A whole entry moves as a whole to the step
    /// (or new step) that grows least; otherwise idle time inside the steps is filled first and the rest goes where it costs least.
    /// </summary>
    public void Raise(int pair, long tokens)
    {
        if (Carried[pair] >= tokens) return;
        if (_whole) Lower(pair, 0);
        else FillIdleTime(pair, tokens);
        var missing = tokens - Carried[pair];
        if (missing == 0) return;
        var (source, target) = (pair / _n, pair % _n);
        var best = -1;
        var least = PairPs(pair, missing) + _delayPs;
        for (var m = 0; m < _rows.Count; m++)
        {
            var row = _rows[m];
            if (!CanCarry(row, source, target)) continue;
            var growth = Math.Max(0, PairPs(pair, row.Tokens[source] + missing) - row.DurationPs);
            if (growth >= least) continue;
            (best, least) = (m, growth);
            if (growth == 0) break;
        }

        if (best < 0)
        {
            best = _rows.Count;
            _rows.Add(new Row(_n, 0, null));
        }

        Add(_rows[best], pair, missing);
    }

    /// <summary>The steps that still carry something.</summary>
    public Schedule ToSchedule(Schedule previous)
    {
        var steps = new List<Step>(_rows.Count);
        foreach (var row in _rows)
        {
            var step = row.Original ?? Matchings.StepOf(row.Target, row.Tokens);
            if (step.Transfers.Length > 0) steps.Add(step);
        }

        return new Schedule(previous.Scheduler, steps);
    }

    private void FillIdleTime(int pair, long tokens)
    {
        var (source, target) = (pair / _n, pair % _n);
        var rate = (ulong)_problem.Fabric.PairRate(source, target).BitsPerSecond;
        foreach (var row in _rows)
        {
            var missing = tokens - Carried[pair];
            if (missing == 0) return;
            if (!CanCarry(row, source, target)) continue;
            // Tokens with ceil(tokens x bytes x 8e12 / rate) <= duration.
            var room = (UInt128)(ulong)row.DurationPs * rate / (8_000_000_000_000UL * (UInt128)(ulong)Math.Max(1, _problem.TokenBytes.Value));
            var fits = (long)UInt128.Min(room, long.MaxValue) - row.Tokens[source];
            if (fits > 0) Add(row, pair, Math.Min(fits, missing));
        }
    }

    private static bool CanCarry(Row row, int source, int target) =>
        row.Target[source] == target || (row.Target[source] == Idle && row.Source[target] == Idle);

    private void Add(Row row, int pair, long tokens)
    {
        var source = pair / _n;
        row.Set(source, pair % _n, row.Tokens[source] + tokens);
        row.DurationPs = Math.Max(row.DurationPs, PairPs(pair, row.Tokens[source]));
        Carried[pair] += tokens;
    }

    private long LongestPs(Row row)
    {
        var longest = 0L;
        for (var source = 0; source < _n; source++)
            if (row.Tokens[source] > 0)
                longest = Math.Max(longest, PairPs((source * _n) + row.Target[source], row.Tokens[source]));
        return longest;
    }

    private sealed class Row
    {
        public Row(int n, long durationPs, Step? original)
        {
            (Target, Source, Tokens) = (new int[n], new int[n], new long[n]);
            Array.Fill(Target, Idle);
            Array.Fill(Source, Idle);
            (DurationPs, Original) = (durationPs, original);
        }

        /// <summary>Target of each source.</summary>
        public int[] Target { get; }

        /// <summary>Source of each target.</summary>
        public int[] Source { get; }

        public long[] Tokens { get; }

        public long DurationPs { get; set; }

        /// <summary>The step as it was read; null once it has changed.</summary>
        public Step? Original { get; private set; }

        /// <summary>Fills in what the original step carries.</summary>
        public void Read(Transfer t) => (Target[t.Source], Source[t.Target], Tokens[t.Source]) = (t.Target, t.Source, t.Tokens);

        public void Set(int source, int target, long tokens)
        {
            Original = null;
            Tokens[source] = tokens;
            Target[source] = tokens > 0 ? target : Idle;
            Source[target] = tokens > 0 ? source : Idle;
        }
    }
}
