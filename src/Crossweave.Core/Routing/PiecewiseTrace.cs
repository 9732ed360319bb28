namespace Crossweave.Core.Routing;

/// <summary>A trace made of ranges of other traces of the same shape, one after the other; reads are forwarded. O(log pieces) per read.</summary>
public abstract class PiecewiseTrace : RoutingTrace
{
    private readonly Piece[] _pieces;
    private readonly int[] _starts;

    private protected PiecewiseTrace(Piece[] pieces, IReadOnlyList<TokenSequence> sequences)
    {
        _pieces = pieces;
        _starts = new int[pieces.Length];
        var tokens = 0;
        for (var i = 0; i < pieces.Length; i++)
        {
            _starts[i] = tokens;
            tokens = checked(tokens + pieces[i].TokenCount);
        }

        TokenCount = tokens;
        Sequences = sequences;
        SequenceTable.Check(sequences, tokens);
        var first = pieces[0].Trace;
        LayerCount = first.LayerCount;
        TopK = first.TopK;
        LayerIds = first.LayerIds;
        ExpertCount = pieces.Max(p => p.Trace.ExpertCount);
        HasWeights = Array.TrueForAll(pieces, p => p.Trace.HasWeights);
        HasSourceRanks = Array.TrueForAll(pieces, p => p.Trace.HasSourceRanks);
    }

    public override int TokenCount { get; }

    public override int LayerCount { get; }

    public override int TopK { get; }

    public override int ExpertCount { get; }

    public override IReadOnlyList<int> LayerIds { get; }

    public override IReadOnlyList<TokenSequence> Sequences { get; }

    public override bool HasWeights { get; }

    public override bool HasSourceRanks { get; }

    public override void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts)
    {
        var perToken = LayerCount * TopK;
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, perToken);
        for (var cursor = new Cursor(this, firstToken, tokenCount); cursor.Next();)
            cursor.Trace.ReadExperts(cursor.First, cursor.Count, experts.Slice(cursor.Done * perToken, cursor.Count * perToken));
    }

    public override void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts)
    {
        SequenceTable.CheckRange(this, firstToken, tokenCount, experts.Length, TopK);
        for (var cursor = new Cursor(this, firstToken, tokenCount); cursor.Next();)
            cursor.Trace.ReadLayer(layer, cursor.First, cursor.Count, experts.Slice(cursor.Done * TopK, cursor.Count * TopK));
    }

    public override void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights)
    {
        if (!HasWeights) base.ReadWeights(layer, firstToken, tokenCount, weights);
        SequenceTable.CheckRange(this, firstToken, tokenCount, weights.Length, TopK);
        for (var cursor = new Cursor(this, firstToken, tokenCount); cursor.Next();)
            cursor.Trace.ReadWeights(layer, cursor.First, cursor.Count, weights.Slice(cursor.Done * TopK, cursor.Count * TopK));
    }

    public override void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks)
    {
        if (!HasSourceRanks) base.ReadSourceRanks(firstToken, tokenCount, ranks);
        SequenceTable.CheckRange(this, firstToken, tokenCount, ranks.Length, 1);
        for (var cursor = new Cursor(this, firstToken, tokenCount); cursor.Next();)
            cursor.Trace.ReadSourceRanks(cursor.First, cursor.Count, ranks.Slice(cursor.Done, cursor.Count));
    }

    private protected readonly record struct Piece(RoutingTrace Trace, int FirstToken, int TokenCount);

    // Walks the parts of pieces that a range of tokens touches.
    private struct Cursor(PiecewiseTrace owner, int firstToken, int tokenCount)
    {
        private int _piece = PieceOf(owner._starts, firstToken) - 1;

        public RoutingTrace Trace { get; private set; } = owner;

        public int First { get; private set; }

        public int Count { get; private set; }

        public int Done { get; private set; }

        public bool Next()
        {
            Done += Count;
            if (Done == tokenCount) return false;
            _piece++;
            var piece = owner._pieces[_piece];
            var inside = firstToken + Done - owner._starts[_piece];
            Trace = piece.Trace;
            First = piece.FirstToken + inside;
            Count = Math.Min(piece.TokenCount - inside, tokenCount - Done);
            return true;
        }

        private static int PieceOf(int[] starts, int token)
        {
            var found = Array.BinarySearch(starts, token);
            return found >= 0 ? found : ~found - 1;
        }
    }
}

/// <summary>
/// Several traces of the same layers and top-k as one; the expert count is the largest. When no sequence of a part has a domain, its
/// name becomes the domain of its sequences. Weights and source ranks exist when every part has them. Owns its parts.
/// </summary>
public sealed class ConcatenatedTrace : PiecewiseTrace
{
    private readonly RoutingTrace[] _parts;

    /// <param name="parts">Name (file) and trace, at least one.</param>
    /// <exception cref="InputException">Shapes differ: names both files.</exception>
    public ConcatenatedTrace(IReadOnlyList<(string Name, RoutingTrace Trace)> parts)
        : base(Pieces(parts), Join(parts)) => _parts = [.. parts.Select(p => p.Trace)];

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            foreach (var part in _parts)
                part.Dispose();
        base.Dispose(disposing);
    }

    private static Piece[] Pieces(IReadOnlyList<(string Name, RoutingTrace Trace)> parts)
    {
        if (parts.Count == 0) throw new ArgumentException("at least one trace");
        var (firstName, first) = parts[0];
        var tokens = 0L;
        foreach (var (name, trace) in parts)
        {
            if (trace.LayerCount != first.LayerCount || trace.TopK != first.TopK)
                throw InputException.At(name, $"{trace.LayerCount} layers with top-{trace.TopK}", $"{first.LayerCount} layers with top-{first.TopK} as in {firstName}");
            if (!trace.LayerIds.SequenceEqual(first.LayerIds))
                throw InputException.At(name, $"layers {string.Join(" ", trace.LayerIds)}", $"{string.Join(" ", first.LayerIds)} as in {firstName}");
            tokens += trace.TokenCount;
            if (tokens > int.MaxValue) throw InputException.At(name, $"{tokens} tokens together", $"at most {int.MaxValue}");
        }

        return [.. parts.Select(p => new Piece(p.Trace, 0, p.Trace.TokenCount))];
    }

    private static List<TokenSequence> Join(IReadOnlyList<(string Name, RoutingTrace Trace)> parts)
    {
        var joined = new List<TokenSequence>();
        var start = 0;
        foreach (var (name, trace) in parts)
        {
            var named = trace.Sequences.Any(s => s.Domain.Length > 0);
            foreach (var s in trace.Sequences) joined.Add(s with { FirstToken = start + s.FirstToken, Domain = named ? s.Domain : name });
            start += trace.TokenCount;
        }

        return joined;
    }
}

/// <summary>Chosen sequences (or parts of them) of a trace, renumbered from token 0. Does not own the trace.</summary>
public sealed class SequenceSubsetTrace : PiecewiseTrace
{
    /// <param name="trace">Whole trace.</param>
    /// <param name="parts">Ranges of its tokens in the wanted order, at least one.</param>
    public SequenceSubsetTrace(RoutingTrace trace, IReadOnlyList<TokenSequence> parts)
        : base(Pieces(trace, parts), Renumber(parts))
    {
    }

    private static Piece[] Pieces(RoutingTrace trace, IReadOnlyList<TokenSequence> parts)
    {
        if (parts.Count == 0) throw new ArgumentException("at least one sequence");
        var pieces = new List<Piece>();
        foreach (var s in parts)
        {
            if (s.FirstToken < 0 || s.TokenCount < 1 || s.FirstToken > trace.TokenCount - s.TokenCount) throw new ArgumentException("a sequence outside the trace");
            if (pieces.Count > 0 && pieces[^1].FirstToken + pieces[^1].TokenCount == s.FirstToken)
                pieces[^1] = pieces[^1] with { TokenCount = pieces[^1].TokenCount + s.TokenCount };
            else pieces.Add(new Piece(trace, s.FirstToken, s.TokenCount));
        }

        return [.. pieces];
    }

    private static TokenSequence[] Renumber(IReadOnlyList<TokenSequence> parts)
    {
        var result = new TokenSequence[parts.Count];
        var start = 0;
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = parts[i] with { FirstToken = start };
            start += parts[i].TokenCount;
        }

        return result;
    }
}
