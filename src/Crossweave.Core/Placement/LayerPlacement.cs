namespace Crossweave.Core.Placement;

/// <summary>
/// Placement of one layer: slot -> expert and slot -> rank. A replica is one copy of a logical expert. Every expert has at
/// least one slot; slots of one rank are consecutive (rank boundaries may be uneven).
/// </summary>
public sealed class LayerPlacement
{
    private readonly int[] _firstSlotOfRank;
    private readonly int[] _firstReplicaOfExpert;
    private readonly int[] _slotsByExpert;

    /// <param name="expertCount">Logical experts.</param>
    /// <param name="expertOfSlot">Expert in each slot; kept, not copied.</param>
    /// <param name="rankOfSlot">Non-descending rank of each slot; kept, not copied.</param>
    /// <param name="rankCount">Ranks (the last ones may be empty).</param>
    /// <exception cref="ArgumentException">Wrong shape, an id out of range, or an expert without a slot.</exception>
    public LayerPlacement(int expertCount, int[] expertOfSlot, int[] rankOfSlot, int rankCount)
    {
        if (expertOfSlot.Length != rankOfSlot.Length) throw new ArgumentException("one rank per slot");
        ExpertCount = expertCount;
        RankCount = rankCount;
        ExpertOfSlot = expertOfSlot;
        RankOfSlot = rankOfSlot;
        _firstSlotOfRank = new int[rankCount + 1];
        var previous = 0;
        for (var slot = 0; slot < rankOfSlot.Length; slot++)
        {
            var rank = rankOfSlot[slot];
            if (rank < previous || rank >= rankCount) throw new ArgumentException($"slot {slot}: rank {rank} out of order or range");
            previous = rank;
            _firstSlotOfRank[rank + 1]++;
        }

        for (var rank = 0; rank < rankCount; rank++) _firstSlotOfRank[rank + 1] += _firstSlotOfRank[rank];
        _firstReplicaOfExpert = new int[expertCount + 1];
        for (var slot = 0; slot < expertOfSlot.Length; slot++)
        {
            var expert = expertOfSlot[slot];
            if ((uint)expert >= (uint)expertCount) throw new ArgumentException($"slot {slot}: expert {expert} out of range");
            _firstReplicaOfExpert[expert + 1]++;
        }

        for (var expert = 0; expert < expertCount; expert++)
        {
            if (_firstReplicaOfExpert[expert + 1] == 0) throw new ArgumentException($"expert {expert} has no slot");
            _firstReplicaOfExpert[expert + 1] += _firstReplicaOfExpert[expert];
        }

        _slotsByExpert = new int[expertOfSlot.Length];
        var next = _firstReplicaOfExpert.AsSpan(0, expertCount).ToArray();
        for (var slot = 0; slot < expertOfSlot.Length; slot++) _slotsByExpert[next[expertOfSlot[slot]]++] = slot;
    }

    public int ExpertCount { get; }

    public int RankCount { get; }

    public int SlotCount => ExpertOfSlot.Length;

    public int[] ExpertOfSlot { get; }

    public int[] RankOfSlot { get; }

    /// <summary>Equal number of consecutive slots on every rank: slot s on rank s / (slots / ranks).</summary>
    public static LayerPlacement Even(int expertCount, int[] expertOfSlot, int rankCount)
    {
        if (rankCount <= 0 || expertOfSlot.Length % rankCount != 0) throw new ArgumentException("slots must be a multiple of ranks");
        var perRank = expertOfSlot.Length / rankCount;
        var rankOfSlot = new int[expertOfSlot.Length];
        for (var slot = 0; slot < rankOfSlot.Length; slot++) rankOfSlot[slot] = slot / perRank;
        return new LayerPlacement(expertCount, expertOfSlot, rankOfSlot, rankCount);
    }

    /// <summary>Ranks with their own numbers of consecutive slots. A slot that holds <paramref name="expertCount"/> is empty and is left out.</summary>
    /// <param name="expertCount">Logical experts.</param>
    /// <param name="expertOfSlot">Expert in each slot, ranks one after another; copied.</param>
    /// <param name="slotsOfRank">Slots of each rank.</param>
    public static LayerPlacement OfRanks(int expertCount, ReadOnlySpan<int> expertOfSlot, ReadOnlySpan<int> slotsOfRank)
    {
        var used = expertOfSlot.Length - expertOfSlot.Count(expertCount);
        var (experts, ranks) = (new int[used], new int[used]);
        var (from, to) = (0, 0);
        for (var rank = 0; rank < slotsOfRank.Length; rank++)
        {
            foreach (var expert in expertOfSlot.Slice(from, slotsOfRank[rank]))
                if (expert != expertCount)
                    (experts[to], ranks[to++]) = (expert, rank);
            from += slotsOfRank[rank];
        }

        return new LayerPlacement(expertCount, experts, ranks, slotsOfRank.Length);
    }

    /// <summary>The reverse of <see cref="OfRanks"/>: room for <paramref name="slotsOfRank"/>, unused slots of a rank last.</summary>
    public int[] Slots(ReadOnlySpan<int> slotsOfRank)
    {
        var slots = new List<int>(SlotCount);
        for (var rank = 0; rank < RankCount; rank++)
        {
            var held = ExpertsOnRank(rank);
            slots.AddRange(held);
            for (var free = held.Length; free < slotsOfRank[rank]; free++) slots.Add(ExpertCount);
        }

        return [.. slots];
    }

    public ReadOnlySpan<int> ExpertsOnRank(int rank) =>
        ExpertOfSlot.AsSpan(_firstSlotOfRank[rank], _firstSlotOfRank[rank + 1] - _firstSlotOfRank[rank]);

    /// <summary>Slots that hold the expert, ascending.</summary>
    public ReadOnlySpan<int> SlotsOfExpert(int expert) =>
        _slotsByExpert.AsSpan(_firstReplicaOfExpert[expert], ReplicaCount(expert));

    public int ReplicaCount(int expert) => _firstReplicaOfExpert[expert + 1] - _firstReplicaOfExpert[expert];
}
