namespace Crossweave.Algorithms.Decomposition;

/// <summary>A contiguous part of a job: <paramref name="Amount"/> of job <paramref name="Job"/> after its first <paramref name="From"/>.</summary>
public readonly record struct JobPart(int Job, int Plane, long From, long Amount);

/// <summary>
/// Spreads jobs over s equal planes, each part costing its amount plus a delay (Schedule and Equalize of arXiv 2603.07373, scheduling
/// spec 3.8). LPT: longest job first, each to the least loaded plane. Equalize: as long as the most loaded plane H exceeds the least
/// loaded L by more than the delay, cut H's longest part so that both end at (H + L + delay) / 2, if it is longer than that cut.
/// </summary>
/// <remarks>
/// O(jobs log jobs + cuts x parts). Ties: lowest job, lowest plane. The halves are rounded so that integers stay: H keeps the odd unit.
/// At most planes x planes cuts. <see cref="PackTightly"/> (ours) first exchanges whole jobs between planes, because every cut costs a delay.
/// </remarks>
public static class PlanePacking
{
    /// <param name="amounts">Length of each job; jobs of length 0 are placed as well.</param>
    /// <param name="delay">Per part, same unit.</param>
    /// <param name="planes">s.</param>
    /// <param name="mayCut">Whether to equalize.</param>
    /// <returns>Parts of all jobs: first the first part of each job in job order, then what was cut off in the order of the cuts.</returns>
    public static List<JobPart> Pack(ReadOnlySpan<long> amounts, long delay, int planes, bool mayCut)
    {
        var (parts, load) = Longest(amounts, delay, planes);
        if (mayCut) Equalize(parts, load, delay);
        return parts;
    }

    /// <summary>
    /// The shorter of <see cref="Pack"/> and the same with moves and swaps before the cuts: while one job of the most loaded plane, moved to
    /// another plane or exchanged for one of its jobs, lowers the larger load of the two planes, do the move that lowers it most.
    /// O(moves x jobs^2), at most 4 moves per job.
    /// </summary>
    public static List<JobPart> PackTightly(ReadOnlySpan<long> amounts, long delay, int planes, bool mayCut)
    {
        var (printed, printedLoad) = Longest(amounts, delay, planes);
        if (mayCut) Equalize(printed, printedLoad, delay);
        var (parts, load) = Longest(amounts, delay, planes);
        for (var moves = 0; moves < 4 * amounts.Length && Exchange(parts, load, delay); moves++)
        {
        }

        if (mayCut) Equalize(parts, load, delay);
        return load.Max() < printedLoad.Max() ? parts : printed;
    }

    private static (List<JobPart> Parts, long[] Load) Longest(ReadOnlySpan<long> amounts, long delay, int planes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(planes);
        var order = new int[amounts.Length];
        var keys = amounts.ToArray();
        for (var k = 0; k < order.Length; k++) (order[k], keys[k]) = (k, -keys[k]);
        // Stable by index: the sort key is the pair (-amount, index).
        var lengths = keys;
        Array.Sort(order, (a, b) => lengths[a] != lengths[b] ? lengths[a].CompareTo(lengths[b]) : a.CompareTo(b));
        var load = new long[planes];
        var parts = new List<JobPart>(amounts.Length + planes);
        for (var k = 0; k < amounts.Length; k++) parts.Add(default);
        foreach (var job in order)
        {
            var plane = Array.IndexOf(load, load.Min());
            parts[job] = new JobPart(job, plane, 0, amounts[job]);
            load[plane] = checked(load[plane] + delay + amounts[job]);
        }

        return (parts, load);
    }

    private static bool Exchange(List<JobPart> parts, long[] load, long delay)
    {
        var high = Array.IndexOf(load, load.Max());
        var (best, mine, other, plane) = (load[high], -1, -1, -1);
        for (var a = 0; a < parts.Count; a++)
        {
            if (parts[a].Plane != high) continue;
            var size = parts[a].Amount + delay;
            for (var p = 0; p < load.Length; p++)
                if (p != high && Math.Max(load[high] - size, load[p] + size) is var larger && larger < best)
                    (best, mine, other, plane) = (larger, a, -1, p);
            for (var b = 0; b < parts.Count; b++)
            {
                if (parts[b].Plane == high || parts[b].Amount >= parts[a].Amount) continue;
                var shift = parts[a].Amount - parts[b].Amount;
                var larger = Math.Max(load[high] - shift, load[parts[b].Plane] + shift);
                if (larger < best) (best, mine, other, plane) = (larger, a, b, parts[b].Plane);
            }
        }

        if (mine < 0) return false;
        var moved = other < 0 ? parts[mine].Amount + delay : parts[mine].Amount - parts[other].Amount;
        parts[mine] = parts[mine] with { Plane = plane };
        if (other >= 0) parts[other] = parts[other] with { Plane = high };
        load[high] -= moved;
        load[plane] += moved;
        return true;
    }

    private static void Equalize(List<JobPart> parts, long[] load, long delay)
    {
        for (var cuts = 0; cuts < load.Length * load.Length && Cut(parts, load, delay); cuts++)
        {
        }
    }

    private static bool Cut(List<JobPart> parts, long[] load, long delay)
    {
        var (high, low) = (Array.IndexOf(load, load.Max()), Array.IndexOf(load, load.Min()));
        var cut = (load[high] - load[low] - delay) / 2; // load[high] - (load[high] + load[low] + delay) / 2
        if (cut <= 0) return false;
        var longest = -1;
        for (var p = 0; p < parts.Count; p++)
            if (parts[p].Plane == high && (longest < 0 || parts[p].Amount > parts[longest].Amount))
                longest = p;
        if (longest < 0 || parts[longest].Amount <= cut) return false;
        var part = parts[longest];
        parts[longest] = part with { Amount = part.Amount - cut };
        parts.Add(new JobPart(part.Job, low, part.From + part.Amount - cut, cut));
        load[high] -= cut;
        load[low] += delay + cut;
        return true;
    }
}
