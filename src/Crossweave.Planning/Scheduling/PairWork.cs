using System.Numerics;
using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>
/// Off-diagonal demand as time per pair, for decompositions that cut time: an entry is tokens x cost of the pair at the slower of its
/// two ports, in units of <see cref="UnitPs"/>. With equal ports the cost is 1 and entries are tokens. Keeps what is left, and turns a
/// matching and its duration into a step of whole tokens.
/// </summary>
/// <remarks>
/// The unit is the greatest common divisor of the token times. When that makes entries too large for exact assignments on n lines,
/// the unit is doubled until they fit and costs are rounded up (never with equal ports).
/// </remarks>
internal sealed class PairWork
{
    private readonly int _size;
    private readonly long[] _left;
    private readonly long[] _cost;
    private readonly long[] _served;
    private readonly long[] _tokens;

    public PairWork(SchedulingProblem problem)
    {
        _size = problem.Demand.RankCount;
        _left = problem.Demand.Cells.ToArray();
        _cost = new long[_left.Length];
        _served = new long[_left.Length];
        _tokens = new long[_size];
        for (var i = 0; i < _size; i++) _left[(i * _size) + i] = 0;
        for (var source = 0; source < _size; source++)
            for (var target = 0; target < _size; target++)
            {
                var ps = Math.Max(1, problem.Fabric.PairRate(source, target).TransferPs(Math.Max(1, problem.TokenBytes.Value)));
                _cost[(source * _size) + target] = ps;
                UnitPs = Gcd(UnitPs, ps);
            }

        for (var k = 0; k < _cost.Length; k++) _cost[k] /= UnitPs;
        while (IsTooLarge()) Coarsen();
    }

    /// <summary>Time of one unit of work.</summary>
    public long UnitPs { get; private set; }

    public int Size => _size;

    /// <summary>Units per token of each pair: all ones when the ports are equal.</summary>
    public long[] Cost => _cost;

    /// <summary>Nothing is left to carry.</summary>
    public bool IsDone => !_left.AsSpan().ContainsAnyExcept(0L);

    /// <summary>Work of every pair, row-major, diagonal zero.</summary>
    public long[] Matrix()
    {
        var work = new long[_left.Length];
        for (var k = 0; k < work.Length; k++) work[k] = checked(_left[k] * _cost[k]);
        return work;
    }

    /// <summary>
    /// The tokens that begin within <paramref name="duration"/> on each pair of a matching; a token that crosses the end is sent whole.
    /// Null when nothing but dummies is left on it.
    /// </summary>
    public Step? Carry(ReadOnlySpan<int> targetOfSource, long duration)
    {
        var any = false;
        for (var source = 0; source < _size; source++)
        {
            var pair = (source * _size) + targetOfSource[source];
            var before = CeilDivide(_served[pair], _cost[pair]);
            _served[pair] += duration;
            _tokens[source] = Math.Min(_left[pair], CeilDivide(_served[pair], _cost[pair]) - before);
            _left[pair] -= _tokens[source];
            any |= _tokens[source] > 0;
        }

        return any ? Matchings.StepOf(targetOfSource, _tokens) : null;
    }

    private bool IsTooLarge()
    {
        var limit = (UInt128)(1UL << 57) / ((ulong)_size * (ulong)_size * (ulong)_size);
        for (var k = 0; k < _left.Length; k++)
            if (_cost[k] > 1 && (UInt128)(ulong)_left[k] * (ulong)_cost[k] > limit)
                return true;
        return false;
    }

    private void Coarsen()
    {
        UnitPs = checked(UnitPs * 2);
        for (var k = 0; k < _cost.Length; k++) _cost[k] = (_cost[k] + 1) / 2;
    }

    private static long CeilDivide(long value, long divisor) => (value + divisor - 1) / divisor;

    private static long Gcd(long a, long b) => (long)BigInteger.GreatestCommonDivisor(a, b);
}
