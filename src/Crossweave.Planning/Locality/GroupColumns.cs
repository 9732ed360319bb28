namespace Crossweave.Planning.Locality;

/// <summary>Groups of experts of one size with the tokens that touch each: columns of a set-partitioning model, because the copies of a division are the sum over its groups.</summary>
internal sealed class GroupColumns(int size)
{
    private byte[] _experts = new byte[1024 * size];
    private long[] _tokens = new long[1024];

    /// <summary>Experts of a group.</summary>
    public int Size { get; } = size;

    /// <summary>Groups.</summary>
    public int Count { get; private set; }

    /// <summary>[group, member]</summary>
    public ReadOnlySpan<byte> Experts => _experts.AsSpan(0, Count * Size);

    /// <summary>[group] tokens with at least one of its experts.</summary>
    public ReadOnlySpan<long> Tokens => _tokens.AsSpan(0, Count);

    public ReadOnlySpan<byte> ExpertsOf(int group) => _experts.AsSpan(group * Size, Size);

    public void Add(ReadOnlySpan<byte> experts, long tokens)
    {
        if (Count == _tokens.Length)
        {
            Array.Resize(ref _tokens, 2 * Count);
            Array.Resize(ref _experts, 2 * Count * Size);
        }

        experts.CopyTo(_experts.AsSpan(Count * Size));
        _tokens[Count++] = tokens;
    }
}
