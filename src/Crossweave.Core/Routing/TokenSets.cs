namespace Crossweave.Core.Routing;

/// <summary>
/// The distinct expert sets of one layer with the number of tokens that chose each: the nets of a hypergraph over experts whose
/// connectivity is the number of ranks a token must reach (execution spec 2.4). Immutable.
/// </summary>
public sealed class TokenSets
{
    private readonly int[] _start; // of every set in _experts
    private readonly ushort[] _experts; // ascending within a set
    private readonly long[] _weight;
    private readonly int[] _startOfExpert;
    private readonly int[] _setsOfExpert;

    private TokenSets(int expertCount, int[] start, ushort[] experts, long[] weight)
    {
        (ExpertCount, _start, _experts, _weight) = (expertCount, start, experts, weight);
        _startOfExpert = new int[expertCount + 1];
        foreach (var e in experts) _startOfExpert[e + 1]++;
        for (var e = 0; e < expertCount; e++) _startOfExpert[e + 1] += _startOfExpert[e];
        _setsOfExpert = new int[experts.Length];
        var next = _startOfExpert.AsSpan(0, expertCount).ToArray();
        for (var s = 0; s < weight.Length; s++)
        {
            foreach (var e in Experts(s)) _setsOfExpert[next[e]++] = s;
            TokenCount = checked(TokenCount + weight[s]);
        }
    }

    public int ExpertCount { get; }

    /// <summary>Distinct sets.</summary>
    public int Count => _weight.Length;

    /// <summary>Tokens of all sets.</summary>
    public long TokenCount { get; }

    /// <summary>Experts of a set, ascending.</summary>
    public ReadOnlySpan<ushort> Experts(int set) => _experts.AsSpan(_start[set], _start[set + 1] - _start[set]);

    /// <summary>Tokens that chose exactly this set.</summary>
    public long Weight(int set) => _weight[set];

    /// <summary>Sets that contain the expert, ascending.</summary>
    public ReadOnlySpan<int> SetsOf(int expert) => _setsOfExpert.AsSpan(_startOfExpert[expert], _startOfExpert[expert + 1] - _startOfExpert[expert]);

    /// <summary>Tokens that chose the expert.</summary>
    public long Load(int expert)
    {
        var tokens = 0L;
        foreach (var s in SetsOf(expert)) tokens += _weight[s];
        return tokens;
    }

    /// <summary>Reads one layer. O(T k log T).</summary>
    /// <param name="trace">Any recording of single tokens.</param>
    /// <param name="layer">Index of the recorded layer.</param>
    public static TokenSets Of(RoutingTrace trace, int layer)
    {
        var experts = new ushort[trace.TokenCount * trace.TopK];
        trace.ReadLayer(layer, 0, trace.TokenCount, experts);
        return Of(trace.ExpertCount, trace.TopK, experts);
    }

    /// <param name="expertCount">Logical experts.</param>
    /// <param name="topK">Experts per token.</param>
    /// <param name="experts">[token, k]; sorted in place within each token.</param>
    public static TokenSets Of(int expertCount, int topK, ushort[] experts)
    {
        var tokens = experts.Length / topK;
        for (var t = 0; t < tokens; t++) Row(t).Sort();
        var bits = System.Numerics.BitOperations.Log2((uint)Math.Max(1, expertCount - 1)) + 1;
        var order = topK * bits <= 64 ? Packed(bits) : Compared();
        var (distinct, weight) = (new List<ushort>(), new List<long>());
        for (var i = 0; i < tokens; i++)
        {
            var row = Row(order[i]);
            if (i > 0 && row.SequenceEqual(Row(order[i - 1])))
            {
                weight[^1]++;
                continue;
            }

            distinct.AddRange(row);
            weight.Add(1);
        }

        return new TokenSets(expertCount, [.. Enumerable.Range(0, weight.Count + 1).Select(s => s * topK)], [.. distinct], [.. weight]);

        Span<ushort> Row(int token) => experts.AsSpan(token * topK, topK);

        // Lexicographic order, by whole sets packed into one number each where they fit.
        int[] Packed(int bits)
        {
            var (keys, rows) = (new ulong[tokens], new int[tokens]);
            for (var t = 0; t < tokens; t++)
            {
                rows[t] = t;
                foreach (var e in Row(t)) keys[t] = (keys[t] << bits) | e;
            }

            Array.Sort(keys, rows);
            return rows;
        }

        int[] Compared()
        {
            var rows = Enumerable.Range(0, tokens).ToArray();
            Array.Sort(rows, (a, b) => Row(a).SequenceCompareTo<ushort>(Row(b)));
            return rows;
        }
    }

    /// <summary>The sets of two experts that stand for pair counts, for data without single tokens: then connectivity is twice the pairs less the pairs on one rank.</summary>
    /// <param name="expertCount">Logical experts.</param>
    /// <param name="pairs">[expert, expert], symmetric, the diagonal is not read.</param>
    public static TokenSets OfPairs(int expertCount, ReadOnlySpan<long> pairs)
    {
        var (experts, weight) = (new List<ushort>(), new List<long>());
        for (var i = 0; i < expertCount; i++)
            for (var j = i + 1; j < expertCount; j++)
                if (pairs[(i * expertCount) + j] is > 0 and var tokens)
                {
                    experts.Add((ushort)i);
                    experts.Add((ushort)j);
                    weight.Add(tokens);
                }

        return new TokenSets(expertCount, [.. Enumerable.Range(0, weight.Count + 1).Select(s => 2 * s)], [.. experts], [.. weight]);
    }

    /// <summary>
    /// What remains of the sets on some experts, which are numbered anew. Remainders of fewer than two experts are dropped, because they cannot
    /// be divided any further; equal ones are not merged.
    /// </summary>
    /// <param name="members">Experts that stay, ascending; member m becomes expert m.</param>
    public TokenSets Only(ReadOnlySpan<int> members)
    {
        var number = new int[ExpertCount];
        Array.Fill(number, -1);
        for (var m = 0; m < members.Length; m++) number[members[m]] = m;
        var (start, experts, weight) = (new List<int> { 0 }, new List<ushort>(), new List<long>());
        for (var s = 0; s < Count; s++)
        {
            foreach (var e in Experts(s))
                if (number[e] >= 0)
                    experts.Add((ushort)number[e]);
            if (experts.Count - start[^1] < 2)
            {
                experts.RemoveRange(start[^1], experts.Count - start[^1]);
                continue;
            }

            weight.Add(_weight[s]);
            start.Add(experts.Count);
        }

        return new TokenSets(members.Length, [.. start], [.. experts], [.. weight]);
    }

    /// <summary>Sum over tokens of the distinct ranks they reach: C_T times the tokens (execution spec 2.1). O(sets x k).</summary>
    /// <param name="rankOfExpert">One rank per expert.</param>
    /// <param name="rankCount">Ranks.</param>
    public long Copies(ReadOnlySpan<int> rankOfExpert, int rankCount)
    {
        var seen = new int[rankCount]; // last set that touched the rank, counted from 1
        var copies = 0L;
        for (var s = 0; s < Count; s++)
        {
            foreach (var e in Experts(s))
            {
                if (seen[rankOfExpert[e]] == s + 1) continue;
                seen[rankOfExpert[e]] = s + 1;
                copies += _weight[s];
            }
        }

        return copies;
    }

    /// <summary>[expert, expert] tokens that chose both; zero diagonal. O(sets x k^2).</summary>
    public long[] Pairs()
    {
        var pairs = new long[ExpertCount * ExpertCount];
        for (var s = 0; s < Count; s++)
        {
            var set = Experts(s);
            foreach (var a in set)
                foreach (var b in set)
                    if (a != b)
                        pairs[(a * ExpertCount) + b] += _weight[s];
        }

        return pairs;
    }
}
