using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// What every port must do when it serves one peer at a time: its transfers at pair rate plus one reconfiguration per peer (LB1 of
/// scheduling spec 7.3 with one plane), kept up to date while single pairs change. O(ranks^2) to build, O(1) per change.
/// </summary>
internal sealed class PairLines
{
    private readonly SchedulingProblem _problem;
    private readonly int _n;
    private readonly long _delayPs;
    private readonly long[] _ps;

    public PairLines(SchedulingProblem problem, ReadOnlySpan<long> tokens)
    {
        _problem = problem;
        _n = problem.Demand.RankCount;
        _delayPs = problem.Fabric.ReconfigurationDelay?.Picoseconds ?? 0;
        _ps = new long[2 * _n];
        for (var pair = 0; pair < tokens.Length; pair++) Change(pair, 0, tokens[pair]);
    }

    /// <summary>The busiest port.</summary>
    public long LongestPs() => _ps.Max();

    public void Change(int pair, long before, long after)
    {
        var (source, target) = (pair / _n, pair % _n);
        if (source == target || before == after) return;
        var move = Ps(source, target, after) - Ps(source, target, before);
        _ps[source] = checked(_ps[source] + move);
        _ps[_n + target] = checked(_ps[_n + target] + move);
    }

    private long Ps(int source, int target, long tokens) =>
        tokens == 0 ? 0 : checked(_delayPs + _problem.Fabric.PairRate(source, target).TransferPs(checked(tokens * _problem.TokenBytes.Value)));
}
