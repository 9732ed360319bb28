namespace Crossweave.Core.Tests.Bounds;

/// <summary>Shortest way to serve one line on parallel planes, by trying every set of elements per plane and every whole makespan.</summary>
internal static class OneLineOracle
{
    public static long Shortest(long[] line, long delay, int planes)
    {
        var sets = 1 << line.Length;
        for (var makespan = 1L; ; makespan++)
        {
            var choices = 1;
            for (var h = 0; h < planes; h++) choices *= sets;
            for (var choice = 0; choice < choices; choice++)
                if (Feasible(line, delay, planes, sets, choice, makespan))
                    return makespan;
        }
    }

    // Plane h serves the elements of its set once each; elements may be cut between planes. By Hall's condition the cut exists when every
    // group of elements fits into the planes that serve any of it.
    private static bool Feasible(long[] line, long delay, int planes, int sets, int choice, long makespan)
    {
        for (var group = 1; group < sets; group++)
        {
            var (need, room, rest) = (0L, 0L, choice);
            for (var i = 0; i < line.Length; i++)
                if ((group >> i & 1) != 0)
                    need += line[i];
            for (var h = 0; h < planes; h++, rest /= sets)
            {
                var set = rest % sets;
                var capacity = makespan - (delay * System.Numerics.BitOperations.PopCount((uint)set));
                if (capacity < 0) return false;
                if ((set & group) != 0) room += capacity;
            }

            if (need > room) return false;
        }

        return true;
    }
}

/// <summary>Shortest schedules of a 3 x 3 exchange on one circuit switch, in token times, by exhaustive search.</summary>
internal static class TinyExchangeOracle
{
    private static readonly int[] Pairs = [1, 2, 3, 5, 6, 7]; // off-diagonal cells, row-major

    /// <summary>Entries may be cut after any token: a shortest path over (what is left, circuits that are up).</summary>
    public static int Shortest(long[] cells, int delay)
    {
        var start = (Left: string.Concat(Pairs.Select(p => (char)('0' + cells[p]))), Up: 0);
        var queue = new PriorityQueue<(string Left, int Up), int>([(start, 0)]);
        var done = new HashSet<(string, int)>();
        while (queue.TryDequeue(out var state, out var cost))
        {
            if (state.Left == "000000") return cost;
            if (!done.Add(state)) continue;
            foreach (var matching in Matchings())
            {
                // Only circuits that are up already are free; everything else needs the delay.
                var left = new string([.. state.Left.Select((c, i) => (matching >> i & 1) != 0 && c > '0' ? (char)(c - 1) : c)]);
                if (left == state.Left) continue;
                queue.Enqueue((left, matching), cost + 1 + ((matching & ~state.Up) == 0 ? 0 : delay));
            }
        }

        throw new InvalidOperationException("unreachable");
    }

    /// <summary>Every entry in one step: all partitions into matchings.</summary>
    public static long ShortestWhole(long[] cells, int delay) => Whole(cells, Pairs.Select((p, i) => cells[p] > 0 ? 1 << i : 0).Sum(), delay);

    private static long Whole(long[] cells, int open, int delay)
    {
        if (open == 0) return 0;
        var best = long.MaxValue;
        foreach (var matching in Matchings())
        {
            if ((matching & ~open) != 0) continue;
            var longest = Pairs.Where((_, i) => (matching >> i & 1) != 0).Max(p => cells[p]);
            best = Math.Min(best, longest + delay + Whole(cells, open & ~matching, delay));
        }

        return best;
    }

    private static IEnumerable<int> Matchings() =>
        Enumerable.Range(1, 63).Where(set =>
        {
            var chosen = Pairs.Where((_, i) => (set >> i & 1) != 0).ToArray();
            return chosen.Select(p => p / 3).Distinct().Count() == chosen.Length && chosen.Select(p => p % 3).Distinct().Count() == chosen.Length;
        });
}
