using System.Numerics;
using Crossweave.Algorithms.Assignment;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Can the ranks of two models share all devices, when it is known which pair fits on which class of equal devices? A three-dimensional
/// matching, relaxed to its linear program (E. Balas and M. Saltzman, Operations Research 39, 1991): every class has a price, a pair costs that of
/// its cheapest class, and when even the cheapest pairing of all ranks costs more than all devices together, there is no placement. The
/// arithmetic of that proof is in integers; the prices come from doubles and may be any.
/// </summary>
/// <remarks>
/// Prices: each pairing uses every class so many times more or less than there are devices of it; the point of the convex hull of these
/// differences that is nearest to zero are the next prices (P. Wolfe, Mathematical Programming 11, 1976). At zero the linear program has a solution. Few
/// pairings settle it (measured: 5 on average at 64 devices of 4 classes), O(n^3) each.
/// </remarks>
internal sealed class PairBound
{
    private const int Pairings = 16;
    private const int NearestSteps = 300;
    private const long Largest = 1000; // price

    private readonly int _n;
    private readonly int[] _room; // [class]: devices
    private readonly long[] _price; // kept from call to call: the next question is a similar one
    private readonly int[] _cheapest; // classes by price
    private readonly long[] _cost; // [position of a x position of b]
    private readonly int[] _class; // [position of a x position of b]: the cheapest
    private readonly double[][] _surplus; // [pairing][class]: times used - room
    private readonly double[] _share; // [pairing]: in the nearest point
    private readonly double[] _nearest;
    private readonly AssignmentSolver _solver = new() { BreakTies = false };

    /// <param name="classOfDevice">Classes 0, 1, ... of equal devices, 64 devices at most.</param>
    public PairBound(int[] classOfDevice)
    {
        _n = classOfDevice.Length;
        _room = new int[classOfDevice.Max() + 1];
        foreach (var c in classOfDevice) _room[c]++;
        (_price, _cheapest, _nearest) = (new long[_room.Length], [.. Enumerable.Range(0, _room.Length)], new double[_room.Length]);
        (_cost, _class, _share) = (new long[_n * _n], new int[_n * _n], new double[Pairings]);
        _surplus = [.. Enumerable.Range(0, Pairings).Select(_ => new double[_room.Length])];
        Fitting = new ulong[_room.Length * _n];
    }

    /// <summary>[class x position of a]: positions of b that may share a device of the class with it.</summary>
    public ulong[] Fitting { get; }

    /// <summary>True: no placement has all its pairs among the fitting. False says nothing.</summary>
    /// <param name="work">Grows by n^2 for every pairing.</param>
    public bool Refutes(ref long work)
    {
        for (var count = 0; count < Pairings; count++)
        {
            work += _n * _n;
            if (Excess(_surplus[count]) > 0) return true;
            _share[count] = count == 0 ? 1 : 0;
            MoveNearest(count + 1);
            var largest = 0.0;
            foreach (var v in _nearest) largest = Math.Max(largest, Math.Abs(v));
            if (largest < 1.0 / Largest) return false;
            for (var c = 0; c < _price.Length; c++) _price[c] = (long)Math.Round(_nearest[c] / largest * Largest);
        }

        return false;
    }

    /// <summary>What the cheapest pairing costs beyond the price of all devices, and its surplus.</summary>
    private long Excess(double[] surplus)
    {
        for (var k = 1; k < _cheapest.Length; k++)
            for (var at = k; at > 0 && _price[_cheapest[at]] < _price[_cheapest[at - 1]]; at--)
                (_cheapest[at], _cheapest[at - 1]) = (_cheapest[at - 1], _cheapest[at]);
        var (low, high) = (_price[_cheapest[0]], _price[_cheapest[^1]]);
        var forbidden = high + ((high - low + 1) * (_n + 1)); // dearer than any pairing without
        for (var i = 0; i < _n; i++)
        {
            var open = ulong.MaxValue;
            Array.Fill(_cost, forbidden, i * _n, _n);
            foreach (var c in _cheapest)
            {
                for (var fitting = Fitting[(c * _n) + i] & open; fitting != 0; fitting &= fitting - 1)
                {
                    var pair = (i * _n) + BitOperations.TrailingZeroCount(fitting);
                    (_cost[pair], _class[pair]) = (_price[c], c);
                }

                open &= ~Fitting[(c * _n) + i];
            }
        }

        var excess = _solver.Minimize(_cost, _n, _n);
        for (var c = 0; c < _room.Length; c++) (excess, surplus[c]) = (excess - (_price[c] * _room[c]), -_room[c]);
        for (var i = 0; i < _n; i++) surplus[_class[(i * _n) + _solver.ColumnOfRow[i]]]++;
        return excess;
    }

    // Moves shares from the pairing farthest along the point to the one least far (Mitchell, Demyanov and Malozemov, SIAM J. Control 12, 1974).
    private void MoveNearest(int count)
    {
        for (var step = 0; step < NearestSteps; step++)
        {
            Array.Clear(_nearest);
            for (var k = 0; k < count; k++)
                for (var c = 0; c < _nearest.Length; c++)
                    _nearest[c] += _share[k] * _surplus[k][c];
            var (least, most, from, to, square) = (double.MaxValue, double.MinValue, 0, 0, 0.0);
            for (var k = 0; k < count; k++)
            {
                var along = 0.0;
                for (var c = 0; c < _nearest.Length; c++) along += _surplus[k][c] * _nearest[c];
                square += _share[k] * along;
                if (along < least) (least, to) = (along, k);
                if (_share[k] > 0 && along > most) (most, from) = (along, k);
            }

            if (most - least <= (square / 10_000) + 1e-9) return;
            var length = 0.0;
            for (var c = 0; c < _nearest.Length; c++) length += (_surplus[from][c] - _surplus[to][c]) * (_surplus[from][c] - _surplus[to][c]);
            var moved = Math.Min(_share[from], (most - least) / length);
            _share[from] -= moved;
            _share[to] += moved;
        }
    }
}
