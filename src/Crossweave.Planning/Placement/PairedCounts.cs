namespace Crossweave.Planning.Placement;

/// <summary>
/// Replica counts when every rank has two slots. For given counts the best packing is known: the heaviest replica with the lightest, the second
/// with the second lightest, and so on. So counts are searched, one replica moved at a time from any expert with several to an expert on
/// the busiest rank, while the largest pair, then the sum of squares, gets smaller. Balancing spec 3.11.
/// </summary>
/// <remarks>
/// O(R S) per step for R replicated experts. A count whose packing puts two copies of an expert on one rank is passed over. Ties: lowest
/// experts. Scratch is allocated once; not for concurrent use.
/// </remarks>
internal sealed class PairedCounts(int expertCount, int slotCount)
{
    private readonly int[] _count = new int[expertCount];
    private readonly int[] _order = new int[expertCount]; // by share, heaviest first
    private readonly int[] _replica = new int[slotCount]; // experts in that order, each as often as it has replicas
    private double[] _weight = [];

    /// <summary>Improves a packing of ranks of two slots; the result has the experts of each rank side by side.</summary>
    public void Improve(double[] weight, Span<int> expertOfSlot)
    {
        _weight = weight;
        Array.Clear(_count);
        foreach (var expert in expertOfSlot) _count[expert]++;
        for (var e = 0; e < _order.Length; e++) _order[e] = e;
        var (max, squares) = Judge();
        if (double.IsPositiveInfinity(max)) return;
        for (var improved = true; improved;)
        {
            improved = false;
            var (heavy, light) = BusiestPair();
            var (bestMax, bestSquares, bestFrom, bestTo) = (max, squares, -1, -1);
            for (var side = 0; side < 2; side++)
            {
                var to = side == 0 ? heavy : light;
                if (_count[to] >= slotCount / 2) continue;
                for (var from = 0; from < expertCount; from++)
                {
                    if (from == to || _count[from] == 1) continue;
                    Shift(from, to);
                    var (newMax, newSquares) = Judge();
                    Shift(to, from);
                    if (newMax > bestMax * (1 + 1e-12) || (newMax >= bestMax * (1 - 1e-12) && newSquares >= bestSquares * (1 - 1e-12))) continue;
                    (bestMax, bestSquares, bestFrom, bestTo) = (newMax, newSquares, from, to);
                }
            }

            if (bestFrom < 0) break;
            Shift(bestFrom, bestTo);
            (max, squares) = (bestMax, bestSquares);
            improved = true;
        }

        Judge();
        for (var i = 0; i < slotCount / 2; i++) (expertOfSlot[2 * i], expertOfSlot[(2 * i) + 1]) = (_replica[i], _replica[slotCount - 1 - i]);
    }

    private void Shift(int from, int to)
    {
        _count[from]--;
        _count[to]++;
    }

    private double Share(int expert) => _weight[expert] / _count[expert];

    /// <summary>Largest pair and sum of squares of the pairs; infinite when a pair is two copies of one expert.</summary>
    private (double Max, double Squares) Judge()
    {
        for (var i = 1; i < _order.Length; i++) // nearly sorted already
        {
            var expert = _order[i];
            var share = Share(expert);
            var at = i;
            for (; at > 0 && (Share(_order[at - 1]) < share || (Share(_order[at - 1]) == share && _order[at - 1] > expert)); at--) _order[at] = _order[at - 1];
            _order[at] = expert;
        }

        var n = 0;
        foreach (var expert in _order)
            for (var copy = 0; copy < _count[expert]; copy++)
                _replica[n++] = expert;
        var (max, squares) = (0.0, 0.0);
        for (var i = 0; i < slotCount / 2; i++)
        {
            var (heavy, light) = (_replica[i], _replica[slotCount - 1 - i]);
            if (heavy == light) return (double.PositiveInfinity, double.PositiveInfinity);
            var load = Share(heavy) + Share(light);
            max = Math.Max(max, load);
            squares += load * load;
        }

        return (max, squares);
    }

    private (int Heavy, int Light) BusiestPair()
    {
        Judge();
        var busiest = 0;
        for (var i = 1; i < slotCount / 2; i++)
            if (Load(i) > Load(busiest))
                busiest = i;
        return (_replica[busiest], _replica[slotCount - 1 - busiest]);

        double Load(int i) => Share(_replica[i]) + Share(_replica[slotCount - 1 - i]);
    }
}
