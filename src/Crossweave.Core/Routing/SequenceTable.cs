namespace Crossweave.Core.Routing;

/// <summary>Checks and builders for the sequence lists of traces.</summary>
public static class SequenceTable
{
    /// <summary>One sequence that covers everything.</summary>
    public static IReadOnlyList<TokenSequence> Whole(int tokenCount, string name, string domain = "") => [new(0, tokenCount, name, domain)];

    /// <summary>Null when the sequences cover every token exactly once in order; otherwise what is wrong.</summary>
    public static string? Fault(IReadOnlyList<TokenSequence> sequences, int tokenCount)
    {
        var next = 0;
        for (var i = 0; i < sequences.Count; i++)
        {
            var s = sequences[i];
            if (s.FirstToken != next) return $"sequence {i} starts at token {s.FirstToken} instead of {next}";
            if (s.TokenCount < 1) return $"sequence {i} has {s.TokenCount} tokens";
            if (s.TokenCount > tokenCount - next) return $"sequence {i} ends beyond the {tokenCount} tokens";
            next += s.TokenCount;
        }

        return next == tokenCount ? null : $"the sequences cover {next} of {tokenCount} tokens";
    }

    internal static void Check(IReadOnlyList<TokenSequence> sequences, int tokenCount)
    {
        if (Fault(sequences, tokenCount) is { } fault) throw new ArgumentException(fault);
    }

    internal static void CheckRange(RoutingTrace trace, int firstToken, int tokenCount, int room, int perToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstToken);
        ArgumentOutOfRangeException.ThrowIfNegative(tokenCount);
        if (firstToken > trace.TokenCount - tokenCount) throw new ArgumentOutOfRangeException(nameof(tokenCount), tokenCount, "beyond the last token");
        if (room < (long)tokenCount * perToken) throw new ArgumentException("the target span is too short");
    }
}
