using Crossweave.Core.Placement;
using Crossweave.Planning.Placement;

namespace Crossweave.Planning.Locality;

/// <summary>
/// Which of several plans each layer takes when moving costs time: the sum of layer times plus the time of the rank that fetches most is least.
/// The maximum over ranks is replaced by prices of ranks that sum to the cost of one fetch, under which layers choose alone; ranks that fetch much become
/// dearer from round to round (multiplicative weights: Y. Freund and R. Schapire, Games and Economic Behavior 29, 1999). The best round by the true sum is kept,
/// or the same plan for all layers where that is better; the mean prices, which are near the optimal ones, judge further changes.
/// </summary>
/// <remarks>O((rounds + plans) x layers x plans x ranks). Ties: earlier plan, earlier round. Without a running placement the fastest plan of each layer.</remarks>
internal sealed class MovePrices
{
    private const int Rounds = 48;
    private const double Rate = 0.25;

    private readonly ExpertPlacement? _running;
    private readonly double[][] _timeOf;
    private readonly double _moveTime;
    private readonly long[][][] _fetched = []; // [layer][plan][rank]
    private readonly double[] _price; // by rank, mean over rounds

    /// <param name="problem">With the running placement and what a fetch costs.</param>
    /// <param name="plans">What layers choose among.</param>
    /// <param name="timeOf">[layer][plan] predicted time.</param>
    public MovePrices(PlacementProblem problem, IReadOnlyList<ExpertPlacement> plans, double[][] timeOf)
    {
        (_timeOf, _moveTime, _running, _price) = (timeOf, problem.MoveTime, RunningPlacement.Of(problem), new double[problem.RankCount]);
        Choice = Choose(null);
        if (_running is not { } running || _moveTime == 0) return;
        _fetched = new long[timeOf.Length][][];
        Parallel.For(0, timeOf.Length, l => _fetched[l] = [.. plans.Select(p => PlacementMetrics.FetchedByRank(running.Layers[l], p.Layers[l]))]);
        Total = double.PositiveInfinity;
        for (var p = 0; p < plans.Count; p++)
        {
            var same = new int[timeOf.Length];
            Array.Fill(same, p);
            Keep(same);
        }

        var price = new double[_price.Length];
        Array.Fill(price, _moveTime / price.Length);
        for (var round = 0; round < Rounds; round++)
        {
            for (var r = 0; r < price.Length; r++) _price[r] += price[r] / Rounds;
            var byRank = Keep(Choose(price));
            var most = Math.Max(1, byRank.Max());
            for (var r = 0; r < price.Length; r++) price[r] *= Math.Exp(Rate * byRank[r] / most);
            var sum = price.Sum();
            for (var r = 0; r < price.Length; r++) price[r] *= _moveTime / sum;
        }
    }

    /// <summary>Plan of each layer.</summary>
    public int[] Choice { get; private set; }

    /// <summary>Layer times of the choice plus the time of moving there; 0 when moving is free.</summary>
    public double Total { get; private set; }

    /// <summary>Price of moving one layer to a placement, in the unit of layer times; 0 when moving is free.</summary>
    public double Of(int layer, LayerPlacement placement) => _fetched.Length == 0 ? 0 : Price(PlacementMetrics.FetchedByRank(_running!.Layers[layer], placement), _price);

    // Fetches by rank; the choice is kept when its true sum is the least so far.
    private long[] Keep(int[] choice)
    {
        var byRank = new long[_price.Length];
        var total = 0.0;
        for (var l = 0; l < choice.Length; l++)
        {
            total += _timeOf[l][choice[l]];
            for (var r = 0; r < byRank.Length; r++) byRank[r] += _fetched[l][choice[l]][r];
        }

        total += _moveTime * byRank.Max();
        if (total < Total) (Total, Choice) = (total, choice);
        return byRank;
    }

    private int[] Choose(double[]? price)
    {
        var choice = new int[_timeOf.Length];
        for (var l = 0; l < choice.Length; l++)
        {
            var least = double.PositiveInfinity;
            for (var p = 0; p < _timeOf[l].Length; p++)
            {
                var cost = _timeOf[l][p] + (price is null ? 0 : Price(_fetched[l][p], price));
                if (cost < least) (least, choice[l]) = (cost, p);
            }
        }

        return choice;
    }

    private static double Price(long[] fetched, double[] price)
    {
        var sum = 0.0;
        for (var r = 0; r < price.Length; r++) sum += fetched[r] * price[r];
        return sum;
    }
}
