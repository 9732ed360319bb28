namespace Crossweave.Planning.Placement;

/// <summary>Slots of each rank, ranks one after another, filled from the front.</summary>
internal sealed class RankFill
{
    private readonly int[] _first;
    private readonly int[] _used;

    public RankFill(ReadOnlySpan<int> slotsOfRank)
    {
        _first = new int[slotsOfRank.Length + 1];
        for (var r = 0; r < slotsOfRank.Length; r++) _first[r + 1] = _first[r] + slotsOfRank[r];
        _used = new int[slotsOfRank.Length];
    }

    public bool IsFull(int rank) => _used[rank] == _first[rank + 1] - _first[rank];

    /// <summary>The slots of a rank that are taken.</summary>
    public ReadOnlySpan<int> Taken(ReadOnlySpan<int> slots, int rank) => slots.Slice(_first[rank], _used[rank]);

    /// <summary>The next free slot of a rank that is not full.</summary>
    public int Take(int rank) => _first[rank] + _used[rank]++;

    public void Clear() => Array.Clear(_used);
}
