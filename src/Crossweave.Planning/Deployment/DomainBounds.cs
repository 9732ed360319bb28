using System.Numerics;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Bounds of the maxima from domains, and from a value to beat the most that every device may hold (deployment spec 3.11, read both ways).
/// </summary>
/// <remarks>
/// Below: the least load left on every device; the best device left for every rank; what the q slowest devices hold at least (what is placed
/// there and the smallest of the rest), and what the devices of the q largest open ranks of one model do, over the speed they have at most.
/// Above: a maximum may be what the time line allows when all others are at their least.
/// </remarks>
internal sealed class DomainBounds
{
    private readonly LayerTime _time;
    private readonly (int Term, DomainGroup Group, long Constant)[] _parts;
    private readonly long[] _raised;

    public DomainBounds(LayerTime time, int[][] rankAt)
    {
        _time = time;
        Groups = [.. time.Groups.Select(g => new DomainGroup(g, rankAt))];
        _parts = [.. time.Terms.SelectMany((term, t) => term.Parts.Select(p => (t, Groups[p.Group], p.Constant)))];
        (Most, Caps) = (new long[time.Terms.Length], new long[time.Terms.Length]);
        foreach (var (term, group, constant) in _parts)
            Most[term] = Math.Max(Most[term], (group.Lists.Sum(l => l.Load.Max()) + constant) * group.Cost.Max());
        _raised = new long[time.Terms.Length];
    }

    public DomainGroup[] Groups { get; }

    /// <summary>[term]: largest of all placements.</summary>
    public long[] Most { get; }

    /// <summary>[term]: the most it may be, from the last <see cref="Limit"/>.</summary>
    public long[] Caps { get; }

    /// <summary>Raises the lower bounds of a node's maxima to what its domains imply.</summary>
    public void Raise(Domains node)
    {
        foreach (var group in Groups)
        {
            Array.Clear(group.Least);
            foreach (var list in group.Lists)
            {
                var of = node.Of(list.Model);
                for (var g = 0; g < of.Length; g++) group.Least[g] += list.LeastOn[g] = list.Smallest(of[g]);
            }

            group.Share = group.Lists.Length == 1 ? 0 : (long)Math.Ceiling(Math.Max(Slowest(node, group), Largest(node, group)) * (1 - 1e-12));
        }

        foreach (var (term, group, constant) in _parts)
        {
            var least = Math.Max(node.Least[term], group.Share + (constant * group.LeastCost));
            for (var g = 0; g < group.Cost.Length; g++) least = Math.Max(least, (group.Least[g] + constant) * group.Cost[g]);
            foreach (var list in group.Lists) least = Somewhere(node, group, list, constant, least);
            node.Least[term] = least;
        }
    }

    /// <summary>Sets the limits of all groups so that no maximum alone, all others at their least, exceeds a time.</summary>
    /// <remarks>
    /// The finish is made of maxima and sums, so it is convex with whole slopes in each maximum: Newton from the largest value ends exactly.
    /// </remarks>
    public void Limit(Domains node, long most)
    {
        Cap(node, most);
        foreach (var group in Groups) Array.Fill(group.Limit, long.MaxValue);
        foreach (var (term, group, constant) in _parts)
            for (var g = 0; g < group.Cost.Length; g++)
                if (group.Cost[g] > 0)
                    group.Limit[g] = Math.Min(group.Limit[g], (Caps[term] / group.Cost[g]) - constant);
    }

    /// <summary>Sets the caps only.</summary>
    public void Cap(Domains node, long most)
    {
        node.Least.CopyTo(_raised, 0);
        for (var t = 0; t < Caps.Length; t++)
        {
            var cap = Math.Max(node.Least[t], node.Most[t]);
            while (true)
            {
                _raised[t] = cap;
                var time = _time.Finish(_raised);
                if (time <= most) break;
                _raised[t] = cap + 1;
                var slope = _time.Finish(_raised) - time;
                cap = Math.Max(node.Least[t], cap - ((time - most + slope - 1) / slope));
            }

            (Caps[t], _raised[t]) = (cap, node.Least[t]);
        }
    }

    // Every rank has to be somewhere, with at least the least of the other models: at least what is given, more for ranks that fit nowhere within it.
    private static long Somewhere(Domains node, DomainGroup group, DomainLoads list, long constant, long least)
    {
        var of = node.Of(list.Model);
        var open = ulong.MaxValue >> (64 - of.Length);
        for (var g = 0; g < of.Length && open != 0; g++)
            open &= ~(group.Cost[g] == 0 ? of[g] : of[g] & list.UpTo((least / group.Cost[g]) - constant - (group.Least[g] - list.LeastOn[g])));
        for (; open != 0; open &= open - 1)
        {
            var (i, best) = (BitOperations.TrailingZeroCount(open), long.MaxValue);
            for (var g = 0; g < of.Length; g++)
                if ((of[g] >> i & 1) != 0)
                    best = Math.Min(best, (group.Least[g] - list.LeastOn[g] + constant + list.Load[i]) * group.Cost[g]);
            least = Math.Max(least, best);
        }

        return least;
    }

    // T x sum of 1 / cost is all that the slowest devices take in time T.
    private static double Slowest(Domains node, DomainGroup group)
    {
        var (share, sum, speed) = (0.0, 0.0, 0.0);
        foreach (var list in group.Lists) list.Walk(node.Placed(list.Model), fromLargest: false);
        foreach (var g in group.Slowest)
        {
            foreach (var list in group.Lists) sum += BitOperations.IsPow2(node.Of(list.Model)[g]) ? list.LeastOn[g] : list.NextUp();
            speed += group.Speed[g];
            share = Math.Max(share, sum / speed);
        }

        return share;
    }

    // The devices of the largest open ranks of one model are at best the fastest open ones.
    private static double Largest(Domains node, DomainGroup group)
    {
        var share = 0.0;
        foreach (var large in group.Lists)
        {
            var open = node.Of(large.Model);
            foreach (var list in group.Lists)
            {
                var gone = 0UL; // what is placed where the large model is placed too
                var of = node.Of(list.Model);
                for (var g = 0; g < of.Length; g++)
                    if (BitOperations.IsPow2(open[g]) && BitOperations.IsPow2(of[g]))
                        gone |= of[g];
                list.Walk(gone, fromLargest: list == large);
            }

            var (sum, speed) = (0.0, 0.0);
            for (var k = open.Length - 1; k >= 0; k--)
            {
                var g = group.Slowest[k];
                if (BitOperations.IsPow2(open[g])) continue;
                foreach (var list in group.Lists) sum += list == large ? list.NextDown() : list.NextUp();
                speed += group.Speed[g];
                share = Math.Max(share, sum / speed);
            }
        }

        return share;
    }
}
