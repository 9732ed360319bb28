using Crossweave.Core.Routing;

namespace Crossweave.Planning.Locality;

/// <summary>
/// What the locality-first rule (execution spec 3.6) makes of tokens while slots change: the rank that computes every (token, expert), the ranks each
/// token is sent to, and rows per rank. Tokens of one set start on all ranks in turn, because a placement must not depend on where the tokens it was
/// planned on happened to start. After a change only the tokens of its experts are chosen again; ties go to the rank with the fewest rows at that moment.
/// </summary>
internal sealed class ReplicaDispatch
{
    private readonly TokenSets _sets;
    private readonly int[][] _tokensOf; // [expert] tokens with it
    private readonly int[] _start; // of every token in _rankOf
    private readonly int[] _rankOf; // rank that computes each expert of each token
    private readonly int[] _remote; // [token] ranks other than its own
    private readonly int[] _held; // [expert, rank] slots
    private readonly int[] _holders; // [expert, 0..] ranks that hold it, ascending
    private readonly long[] _touchedBy; // [rank] last choice that used it
    private long _choice;

    // What the choices made since Mark have replaced.
    private readonly List<int> _changed = [];
    private readonly List<int> _oldRanks = [];
    private readonly List<int> _oldRemote = [];
    private readonly long[] _oldRows;
    private long _oldCopies;

    /// <param name="sets">Distinct sets.</param>
    /// <param name="expertOfSlot">[rank, slot] experts; every expert at least once.</param>
    /// <param name="rankCount">Ranks.</param>
    public ReplicaDispatch(TokenSets sets, ReadOnlySpan<int> expertOfSlot, int rankCount)
    {
        (_sets, RankCount) = (sets, rankCount);
        var tokens = new List<(int Set, int Source, long Weight)>();
        for (var (s, turn) = (0, 0); s < sets.Count; s++)
        {
            var (each, rest) = Math.DivRem(sets.Weight(s), (long)rankCount);
            for (var r = 0; r < rankCount; r++)
                if (each + (r < rest ? 1 : 0) is > 0 and var weight)
                    tokens.Add((s, (turn + r) % rankCount, weight));
            turn = (int)((turn + rest) % rankCount);
        }

        (SetOf, SourceOf, WeightOf) = ([.. tokens.Select(t => t.Set)], [.. tokens.Select(t => t.Source)], [.. tokens.Select(t => t.Weight)]);
        _start = new int[TokenCount + 1];
        var tokensOf = Enumerable.Range(0, sets.ExpertCount).Select(_ => new List<int>()).ToArray();
        for (var t = 0; t < TokenCount; t++)
        {
            _start[t + 1] = _start[t] + sets.Experts(SetOf[t]).Length;
            foreach (var e in sets.Experts(SetOf[t])) tokensOf[e].Add(t);
        }

        _tokensOf = Array.ConvertAll(tokensOf, list => list.ToArray());
        (_rankOf, _remote) = (new int[_start[^1]], new int[TokenCount]);
        (_held, _holders) = (new int[sets.ExpertCount * rankCount], new int[sets.ExpertCount * rankCount]);
        (HolderCount, Rows, _oldRows, _touchedBy) = (new int[sets.ExpertCount], new long[rankCount], new long[rankCount], new long[rankCount]);
        for (var slot = 0; slot < expertOfSlot.Length; slot++) Put(expertOfSlot[slot], slot / (expertOfSlot.Length / rankCount), 1);
        for (var t = 0; t < TokenCount; t++) Choose(t);
    }

    public int RankCount { get; }

    /// <summary>Kinds of tokens: set and source.</summary>
    public int TokenCount => SetOf.Length;

    public int[] SetOf { get; }

    public int[] SourceOf { get; }

    /// <summary>Tokens of each kind.</summary>
    public long[] WeightOf { get; }

    /// <summary>[expert] ranks that hold it.</summary>
    public int[] HolderCount { get; }

    /// <summary>Rows of every rank.</summary>
    public long[] Rows { get; }

    /// <summary>Sum over tokens of the ranks other than their own that they are sent to.</summary>
    public long Copies { get; private set; }

    /// <summary>Slots of the rank with the expert.</summary>
    public int Held(int expert, int rank) => _held[(expert * RankCount) + rank];

    /// <summary>Ranks that hold the expert, ascending.</summary>
    public ReadOnlySpan<int> Holders(int expert) => _holders.AsSpan(expert * RankCount, HolderCount[expert]);

    /// <summary>Rank that computes each expert of a token.</summary>
    public ReadOnlySpan<int> RanksOf(int token) => _rankOf.AsSpan(_start[token], _start[token + 1] - _start[token]);

    /// <summary>From here on choices can be taken back.</summary>
    public void Mark()
    {
        _changed.Clear();
        _oldRanks.Clear();
        _oldRemote.Clear();
        Rows.CopyTo(_oldRows, 0);
        _oldCopies = Copies;
    }

    /// <summary>Adds or removes slots of a rank with the expert; the tokens concerned must be chosen again.</summary>
    public void Put(int expert, int rank, int slots)
    {
        _held[(expert * RankCount) + rank] += slots;
        var count = 0;
        for (var r = 0; r < RankCount; r++)
            if (Held(expert, r) > 0)
                _holders[(expert * RankCount) + count++] = r;
        HolderCount[expert] = count;
    }

    /// <summary>Chooses again for all tokens of two experts. O(tokens of both x k (k + replicas)).</summary>
    public void ChooseAgain(int expert, int other)
    {
        foreach (var t in _tokensOf[expert]) Again(t);
        foreach (var t in _tokensOf[other])
            if (!_sets.Experts(SetOf[t]).Contains((ushort)expert))
                Again(t);

        void Again(int token)
        {
            _changed.Add(token);
            _oldRemote.Add(_remote[token]);
            Copies -= _remote[token] * WeightOf[token];
            foreach (var rank in RanksOf(token))
            {
                _oldRanks.Add(rank);
                Rows[rank] -= WeightOf[token];
            }

            Choose(token);
        }
    }

    /// <summary>Takes back every choice since <see cref="Mark"/>; the slots must have been put back.</summary>
    public void Undo()
    {
        for (var (c, old) = (0, 0); c < _changed.Count; c++)
        {
            var token = _changed[c];
            _remote[token] = _oldRemote[c];
            for (var i = _start[token]; i < _start[token + 1]; i++) _rankOf[i] = _oldRanks[old++];
        }

        _oldRows.CopyTo(Rows, 0);
        Copies = _oldCopies;
    }

    private void Choose(int token)
    {
        var set = _sets.Experts(SetOf[token]);
        var ranks = _rankOf.AsSpan(_start[token], set.Length);
        var (source, weight) = (SourceOf[token], WeightOf[token]);
        var (remote, open) = (0, 0);
        _choice++;
        for (var i = 0; i < set.Length; i++)
        {
            ranks[i] = Held(set[i], source) > 0 ? source : HolderCount[set[i]] == 1 ? Holders(set[i])[0] : -1;
            if (ranks[i] >= 0) Take(ranks[i]);
            else open++;
        }

        for (; open > 0; open--)
        {
            var next = -1;
            for (var i = 0; i < set.Length; i++)
                if (ranks[i] < 0 && (next < 0 || HolderCount[set[i]] < HolderCount[set[next]]))
                    next = i;
            var best = -1;
            foreach (var rank in Holders(set[next]))
            {
                if (best >= 0 && (_touchedBy[rank] != _choice, Rows[rank]).CompareTo((_touchedBy[best] != _choice, Rows[best])) >= 0) continue;
                best = rank;
            }

            ranks[next] = best;
            Take(best);
        }

        _remote[token] = remote;
        Copies += remote * weight;

        void Take(int rank)
        {
            Rows[rank] += weight;
            if (_touchedBy[rank] == _choice) return;
            _touchedBy[rank] = _choice;
            if (rank != source) remote++;
        }
    }
}
