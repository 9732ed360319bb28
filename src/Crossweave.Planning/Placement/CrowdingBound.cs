namespace Crossweave.Planning.Placement;

/// <summary>
/// A load that no placement's busiest rank gets below when every rank fills k slots, sharper than <see cref="BalanceBound"/> when slots are few: replicas above half
/// a load M sit on different ranks, and what sits beside them must be small, which replica counts cannot arrange for all of them.
/// </summary>
/// <remarks>
/// Suppose no rank carries more than M. Expert e then has at least m_e = ceil(w_e / M) replicas, so X = S - sum m_e slots are left to choose. Take a share s above M / 2.
/// Replicas of share s or more (big) are on different ranks, and each has k - 1 replicas of share M - s or less (small) beside it, hence
/// (k - 1) big &lt;= small for the counts that the placement has. With counts m the left side may be larger by D; every further replica of an expert changes it by a known
/// step (a small expert gives one more small replica; a big one stops being big, or becomes several small ones), and no choice of X further replicas gains
/// more than the fractional knapsack over the concave hulls of these steps. If that is less than D, M is impossible. M is bisected. O(log((high - low) / token)
/// E^2 log E). Comparisons lean to the possible side by 1e-9, more than rounding. Scratch is allocated once; not for concurrent use.
/// </remarks>
internal sealed class CrowdingBound(int expertCount)
{
    private const double Slack = 1 + 1e-9;

    private const int Many = 1 << 24; // more replicas than slots

    private readonly int[] _least = new int[expertCount];
    private readonly double[] _share = new double[expertCount];
    private readonly double[] _minusGainPerSlot = new double[2 * expertCount];
    private readonly int[] _slotsOfStep = new int[2 * expertCount];
    private int _steps;

    /// <summary>The largest load found impossible, at least <paramref name="low"/>, in tokens.</summary>
    /// <param name="weight">Tokens of each expert.</param>
    /// <param name="perRank">Slots that every rank fills, at least 2.</param>
    /// <param name="ranks">Ranks.</param>
    /// <param name="low">A load that no busiest rank gets below.</param>
    /// <param name="high">The busiest rank of some placement.</param>
    public double Raise(ReadOnlySpan<double> weight, int perRank, int ranks, double low, double high)
    {
        const double Token = 0.999; // so that a placement less than a token above it counts as proven
        for (var tried = high - Token; tried > low && high - low > Token; tried = (low + high) / 2)
        {
            if (IsImpossible(weight, perRank, ranks * perRank, tried)) low = tried;
            else high = tried;
        }

        return low;
    }

    private bool IsImpossible(ReadOnlySpan<double> weight, int perRank, int slots, double load)
    {
        var spare = slots;
        for (var e = 0; e < _least.Length; e++)
        {
            _least[e] = Replicas(weight[e], load);
            _share[e] = weight[e] / _least[e];
            spare -= _least[e];
        }

        if (spare < 0) return true;
        foreach (var share in _share)
        {
            if (share <= load / 2 * Slack) continue;
            var missing = Missing(weight, perRank, share, load - share, spare);
            if (missing > spare && missing - Gain(spare) > 1e-6) return true;
        }

        return false;
    }

    /// <summary>Fewest replicas with at most this share.</summary>
    private static int Replicas(double weight, double share) => weight <= share * Slack ? 1 : share <= 0 ? Many : (int)Math.Min(Many, Math.Ceiling(weight / (share * Slack)));

    /// <summary>Small replicas that are missing with the fewest replicas of each expert; notes what further ones gain.</summary>
    private int Missing(ReadOnlySpan<double> weight, int perRank, double big, double small, int spare)
    {
        var missing = 0;
        _steps = 0;
        for (var e = 0; e < _least.Length; e++)
        {
            var least = _least[e];
            if (_share[e] <= small * Slack)
            {
                missing -= least;
                continue;
            }

            var relieved = _share[e] >= big ? (perRank - 1) * least : 0;
            missing += relieved;
            if (small * (least + spare) * Slack < weight[e] && relieved == 0) continue; // cannot become small
            var toSmall = Replicas(weight[e], small) - least;
            double gainSmall = relieved + least + toSmall;
            if (relieved > 0)
            {
                var toMiddle = (int)(weight[e] / big) + 1 - least;
                if (relieved * (double)toSmall > gainSmall * toMiddle)
                {
                    Step(relieved, toMiddle);
                    Step(gainSmall - relieved, toSmall - toMiddle);
                    continue;
                }
            }

            Step(gainSmall, toSmall);
        }

        return missing;
    }

    private void Step(double gain, int slots) => (_minusGainPerSlot[_steps], _slotsOfStep[_steps++]) = (-gain / slots, slots);

    /// <summary>The most that spare slots gain: the best steps first, the last in part; one more replica of a small expert always gains one.</summary>
    private double Gain(int spare)
    {
        _minusGainPerSlot.AsSpan(0, _steps).Sort(_slotsOfStep.AsSpan(0, _steps));
        var gain = 0.0;
        for (var i = 0; i < _steps && spare > 0 && _minusGainPerSlot[i] < -1; i++)
        {
            var taken = Math.Min(spare, _slotsOfStep[i]);
            gain -= taken * _minusGainPerSlot[i];
            spare -= taken;
        }

        return gain + spare;
    }
}
