using Crossweave.Core.Layers;

namespace Crossweave.Simulation.Layer;

/// <summary>The launches of a plan, placed as soon as the last of their steps has been played.</summary>
internal sealed class PlannedLaunches
{
    private readonly LayerProblem _problem;
    private readonly LaunchPlan _plan;
    private readonly List<Activity>? _activities;
    private readonly int _n;
    private readonly int[] _next; // launch of each rank
    private readonly int[] _covered; // steps below this are in a launch
    private readonly long[] _free;
    private readonly bool[] _localDone;
    private readonly long[] _endOfCell; // [step, rank], -1 before the launch is placed
    private long _together;

    public PlannedLaunches(LayerProblem problem, LaunchPlan plan, int stepCount, List<Activity>? activities)
    {
        _n = problem.Traffic.RankCount;
        (_problem, _plan, _activities) = (problem, plan, activities);
        if (plan.LaunchesOfRank.Count != _n) throw new ArgumentException("one list of launches per rank");
        if (plan.InLockstep && plan.LaunchesOfRank.Any(l => l.Count != plan.LaunchesOfRank[0].Count)) throw new ArgumentException("launches in lockstep need equally many on every rank");
        (_next, _covered, _free, _localDone) = (new int[_n], new int[_n], new long[_n], new bool[_n]);
        (Rows, ArrivalPs, _endOfCell, StepEndPs) = (new long[stepCount * _n], new long[stepCount * _n], new long[stepCount * _n], new long[stepCount]);
        Array.Fill(_endOfCell, -1);
        LocalRows = new long[_n];
        for (var j = 0; j < _n; j++) LocalRows[j] = problem.Traffic.Dispatch.Sum(e => e.Work[j, j]);
    }

    /// <summary>[step, rank] -> rows that arrive; filled by the network before <see cref="Played"/>.</summary>
    public long[] Rows { get; }

    /// <summary>[step, rank] -> when they are there.</summary>
    public long[] ArrivalPs { get; }

    public long[] StepEndPs { get; }

    public long[] LocalRows { get; }

    /// <summary>Last launch over.</summary>
    public long EndPs { get; private set; }

    /// <summary>End of the launch with the rows that the step brought to the rank; -1 when it cannot have been placed yet.</summary>
    public long EndOf(int step, int rank) => _endOfCell[(step * _n) + rank];

    /// <summary>All steps up to this one are played (-1: none): places every launch that waits for no later step.</summary>
    public void Played(int step)
    {
        if (_plan.InLockstep) Together(step);
        else
            for (var j = 0; j < _n; j++)
                for (; _next[j] < _plan.LaunchesOfRank[j].Count && LastStep(_plan.LaunchesOfRank[j][_next[j]]) <= step; _next[j]++)
                    Place(j, _next[j], Math.Max(_free[j], Arrival(j, _plan.LaunchesOfRank[j][_next[j]])));
    }

    /// <exception cref="ArgumentException">Rows without a launch.</exception>
    public void Complete()
    {
        for (var j = 0; j < _n; j++)
        {
            if (_next[j] < _plan.LaunchesOfRank[j].Count) throw new ArgumentException($"launch {_next[j]} of rank {j} waits for a step that does not exist");
            if (LocalRows[j] > 0 && !_localDone[j]) throw new ArgumentException($"local rows of rank {j} are in no launch");
        }

        for (var cell = 0; cell < Rows.Length; cell++)
            if (Rows[cell] > 0 && _endOfCell[cell] < 0)
                throw new ArgumentException($"rows of step {cell / _n} at rank {cell % _n} are in no launch");
    }

    private static int LastStep(PlannedLaunch launch) => launch.HasSteps ? launch.LastStep : -1;

    private long Arrival(int rank, PlannedLaunch launch)
    {
        var arrival = 0L;
        for (var m = launch.FirstStep; m <= launch.LastStep; m++)
            if (Rows[(m * _n) + rank] > 0)
                arrival = Math.Max(arrival, ArrivalPs[(m * _n) + rank]);
        return arrival;
    }

    private void Together(int step)
    {
        for (var g = _next[0]; g < _plan.LaunchesOfRank[0].Count; g++)
        {
            var last = -1;
            for (var j = 0; j < _n; j++) last = Math.Max(last, LastStep(_plan.LaunchesOfRank[j][g]));
            if (last > step) return;
            var start = Math.Max(_together, last < 0 ? 0 : StepEndPs[last]);
            for (var j = 0; j < _n; j++)
            {
                Place(j, g, start);
                _together = Math.Max(_together, _free[j]);
                _next[j] = g + 1;
            }

            for (var j = 0; j < _n; j++) MarkCells(j, _plan.LaunchesOfRank[j][g], _together);
        }
    }

    private void Place(int rank, int index, long startPs)
    {
        var launch = _plan.LaunchesOfRank[rank][index];
        if (launch.HasSteps && launch.FirstStep < _covered[rank]) throw new ArgumentException($"launch {index} of rank {rank} takes step {launch.FirstStep} again");
        var rows = 0L;
        for (var m = launch.FirstStep; m <= launch.LastStep; m++) rows += Rows[(m * _n) + rank];
        if (launch.HasSteps) _covered[rank] = launch.LastStep + 1;
        if (launch.TakesLocalRows)
        {
            if (_localDone[rank]) throw new ArgumentException($"launch {index} of rank {rank} takes the local rows again");
            _localDone[rank] = true;
            rows += LocalRows[rank];
        }

        if (rows == 0) return;
        var end = startPs + _problem.ComputeOfRank[rank].LaunchPs(rows);
        _free[rank] = end;
        EndPs = Math.Max(EndPs, end);
        MarkCells(rank, launch, end);
        _activities?.Add(new Activity(ActivityKind.Launch, rank, -1, startPs, end, rows, index));
    }

    private void MarkCells(int rank, PlannedLaunch launch, long endPs)
    {
        for (var m = launch.FirstStep; m <= launch.LastStep; m++) _endOfCell[(m * _n) + rank] = endPs;
    }
}
