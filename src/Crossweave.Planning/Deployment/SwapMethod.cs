using Crossweave.Algorithms;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Swap search from the rules (deployment spec 3.10): for every pair of devices swap the ranks of one model, of the next, or of all; best
/// improvement, ties to the first in order (x, y, move); stop when nothing is strictly better. The better end of all starts wins, ties to
/// the earlier start. About 1.5 n^2 evaluations a round for two models, each O(terms): the maxima without two devices are known from the
/// three largest values of every term.
/// </summary>
/// <remarks>
/// Starts: two models: two-stage and sort-sort; on equal devices bottleneck pairs and a zip by expert load instead (spec 3.7). One model:
/// by max(s, r), by f. More models: sort-sort. Can stop at a placement where only a rotation of three helps (measured: 5 % off at worst); kept as the
/// spec has it, its values and counts are recorded. <see cref="OptimalMethod.Fast"/> is the heuristic to use.
/// </remarks>
public sealed class SwapMethod : IDeploymentMethod
{
    public string Name => "swap";

    public string Summary => "best-improvement swaps of ranks and of whole devices, from two-stage and from sort-sort, as the spec has it; up to 5 % off on single instances";

    public string Kinds => "any";

    public bool AppliesTo(LayerTime time) => true;

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng) => Solve(problem, line);

    internal static DeploymentPlan Solve(DeploymentProblem problem, TimeLine line)
    {
        var time = line.For(problem);
        var (best, value, evaluations) = (Array.Empty<int[]>(), long.MaxValue, 0L);
        foreach (var start in Starts(problem, line))
        {
            var reached = new SwapSearch(time, start).Improve(ref evaluations);
            if (reached < value) (best, value) = (start, reached);
        }

        return DeploymentPlan.From(time, best, evaluations);
    }

    /// <summary>
    /// Iterated: three random swaps on the best placement, swap search again, kept when it is no worse; until so many placements were timed.
    /// </summary>
    internal static DeploymentPlan Kick(LayerTime time, DeploymentPlan start, long evaluations, Prng prng)
    {
        var (n, used) = (time.Problem.DeviceCount, 0L);
        int[][] best = [.. start.DeviceOfRank.Select(DeploymentPlan.Inverse)];
        var value = start.Value;
        while (used < evaluations && value > start.LowerBound && n > 1)
        {
            int[][] next = [.. best.Select(ranks => (int[])ranks.Clone())];
            for (var k = 0; k < 3; k++)
            {
                var (ranks, x, y) = (next[prng.NextInt(next.Length)], prng.NextInt(n), prng.NextInt(n));
                (ranks[x], ranks[y]) = (ranks[y], ranks[x]);
            }

            var reached = new SwapSearch(time, next).Improve(ref used);
            if (reached <= value) (best, value) = (next, reached);
        }

        return DeploymentPlan.From(time, best, start.Evaluations + used);
    }

    private static IEnumerable<int[][]> Starts(DeploymentProblem problem, TimeLine line) => problem.Models.Count switch
    {
        1 => [PlacementRules.SortByPort(problem), PlacementRules.SortByWork(problem)],
        2 => problem.HasEqualDevices
            ? [PlacementRules.Bottleneck(problem), PlacementRules.ZipByWork(problem)]
            : [PlacementRules.TwoStage(problem, line), PlacementRules.SortSort(problem)],
        _ => [PlacementRules.SortSort(problem)],
    };
}

/// <summary>Best-improvement swaps on one placement, which is changed in place.</summary>
internal sealed class SwapSearch
{
    private readonly LayerTime _time;
    private readonly int[][] _ranks;
    private readonly int _devices;
    private readonly int _terms;
    private readonly long[] _value; // [term x device]
    private readonly int[] _first;
    private readonly int[] _second;
    private readonly long[] _third;
    private readonly long[] _without; // [term]: largest on the devices that are not looked at
    private readonly long[] _maxima;
    private readonly int[] _atX;
    private readonly int[] _atY;

    /// <param name="time">The compiled time line.</param>
    /// <param name="rankOfDevice">[model][device]; improved in place.</param>
    public SwapSearch(LayerTime time, int[][] rankOfDevice)
    {
        (_time, _ranks, _devices, _terms) = (time, rankOfDevice, time.Problem.DeviceCount, time.Terms.Length);
        _value = new long[_terms * _devices];
        (_first, _second, _third) = (new int[_terms], new int[_terms], new long[_terms]);
        (_without, _maxima) = (new long[_terms], new long[_terms]);
        (_atX, _atY) = (new int[rankOfDevice.Length], new int[rankOfDevice.Length]);
    }

    /// <summary>Swaps until none helps.</summary>
    /// <returns>Time of the final placement.</returns>
    public long Improve(ref long evaluations)
    {
        var best = _time.Evaluate(_ranks);
        evaluations++;
        while (true)
        {
            Tabulate();
            var (bestX, bestY, bestMove) = (-1, -1, -1);
            for (var x = 0; x < _devices; x++)
            {
                for (var y = x + 1; y < _devices; y++)
                {
                    evaluations += Moves;
                    if (WithoutBoth(x, y) >= best) continue; // whatever they hold
                    for (var move = 0; move < Moves; move++)
                    {
                        var value = ValueAfter(x, y, move);
                        if (value < best) (best, bestX, bestY, bestMove) = (value, x, y, move);
                    }
                }
            }

            if (bestX < 0) return best;
            Swap(bestX, bestY, bestMove);
        }
    }

    // One per model, and all together when there are several.
    private int Moves => _ranks.Length == 1 ? 1 : _ranks.Length + 1;

    private void Swap(int x, int y, int move)
    {
        for (var m = 0; m < _ranks.Length; m++)
            if (move == m || move == _ranks.Length)
                (_ranks[m][x], _ranks[m][y]) = (_ranks[m][y], _ranks[m][x]);
    }

    private long ValueAfter(int x, int y, int move)
    {
        for (var m = 0; m < _ranks.Length; m++)
        {
            var swapped = move == m || move == _ranks.Length;
            (_atX[m], _atY[m]) = swapped ? (_ranks[m][y], _ranks[m][x]) : (_ranks[m][x], _ranks[m][y]);
        }

        for (var t = 0; t < _terms; t++)
            _maxima[t] = Math.Max(_without[t], Math.Max(_time.At(t, x, _atX), _time.At(t, y, _atY)));
        var value = _time.Finish(_maxima);
        if (_time.PairExchanges == 0) return value;
        Swap(x, y, move);
        value += _time.PairTime(_ranks);
        Swap(x, y, move);
        return value;
    }

    private long WithoutBoth(int x, int y)
    {
        for (var t = 0; t < _terms; t++) _maxima[t] = _without[t] = Without(t, x, y);
        return _time.Finish(_maxima);
    }

    private void Tabulate()
    {
        for (var g = 0; g < _devices; g++)
        {
            for (var m = 0; m < _ranks.Length; m++) _atX[m] = _ranks[m][g];
            for (var t = 0; t < _terms; t++) _value[(t * _devices) + g] = _time.At(t, g, _atX);
        }

        for (var t = 0; t < _terms; t++)
        {
            var row = _value.AsSpan(t * _devices, _devices);
            (_first[t], _second[t], _third[t]) = (-1, -1, 0);
            for (var g = 0; g < _devices; g++)
            {
                if (_first[t] < 0 || row[g] > row[_first[t]]) (_third[t], _second[t], _first[t]) = (Value(row, _second[t]), _first[t], g);
                else if (_second[t] < 0 || row[g] > row[_second[t]]) (_third[t], _second[t]) = (Value(row, _second[t]), g);
                else _third[t] = Math.Max(_third[t], row[g]);
            }
        }

        static long Value(ReadOnlySpan<long> row, int device) => device < 0 ? 0 : row[device];
    }

    // Largest value of a term on the devices other than x and y.
    private long Without(int term, int x, int y)
    {
        var (first, second) = (_first[term], _second[term]);
        if (first != x && first != y) return _value[(term * _devices) + first];
        return second < 0 ? 0 : second != x && second != y ? _value[(term * _devices) + second] : _third[term];
    }
}
