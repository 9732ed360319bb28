using Crossweave.Core.Placement;

namespace Crossweave.Planning.Locality;

/// <summary>Which experts every rank holds while a layer is being planned, and the slots that come of it.</summary>
internal sealed class RankGroups
{
    private readonly List<int>[] _experts;
    private readonly int[] _replicas;
    private readonly int _slotsPerRank;

    /// <param name="rankOfExpert">First replica of every expert.</param>
    /// <param name="rankCount">Ranks.</param>
    /// <param name="slotsPerRank">Room of each rank.</param>
    public RankGroups(ReadOnlySpan<int> rankOfExpert, int rankCount, int slotsPerRank)
    {
        _experts = [.. Enumerable.Range(0, rankCount).Select(_ => new List<int>())];
        _replicas = new int[rankOfExpert.Length];
        _slotsPerRank = slotsPerRank;
        for (var e = 0; e < rankOfExpert.Length; e++) Add(e, rankOfExpert[e]);
    }

    /// <summary>Experts per rank without replicas: as even as possible, larger ranks first.</summary>
    public static int[] EvenCapacity(int expertCount, int rankCount) =>
        [.. Enumerable.Range(0, rankCount).Select(r => (expertCount / rankCount) + (r < expertCount % rankCount ? 1 : 0))];

    public bool Holds(int rank, int expert) => _experts[rank].Contains(expert);

    public bool HasRoom(int rank) => _experts[rank].Count < _slotsPerRank;

    public void Add(int expert, int rank)
    {
        if (!HasRoom(rank)) throw new InvalidOperationException($"rank {rank} has no slot left");
        _experts[rank].Add(expert);
        _replicas[expert]++;
    }

    /// <summary>
    /// Gives every free slot to the expert with the largest load per replica, on the lightest rank with room that does not hold it yet; where every
    /// rank with room holds it, to the next hottest. A second copy on one rank is the last resort. Ties: lowest expert, lowest rank.
    /// </summary>
    /// <param name="load">Rows per expert.</param>
    public void FillWithHottest(ReadOnlySpan<long> load)
    {
        var rows = new double[_experts.Length];
        while (Array.Exists(_experts, e => e.Count < _slotsPerRank))
        {
            for (var r = 0; r < rows.Length; r++)
            {
                rows[r] = 0;
                foreach (var e in _experts[r]) rows[r] += (double)load[e] / _replicas[e];
            }

            var (expert, rank) = Hottest(load, rows);
            Add(expert, rank);
        }
    }

    public LayerPlacement ToLayer()
    {
        var slots = new int[_experts.Length * _slotsPerRank];
        for (var r = 0; r < _experts.Length; r++)
        {
            _experts[r].Sort();
            _experts[r].CopyTo(slots, r * _slotsPerRank);
        }

        return LayerPlacement.Even(_replicas.Length, slots, _experts.Length);
    }

    private (int Expert, int Rank) Hottest(ReadOnlySpan<long> load, double[] rows)
    {
        var (best, bestRank, bestIsNew) = (-1, -1, false);
        for (var e = 0; e < load.Length; e++)
        {
            var isHotter = best < 0 || (Int128)load[e] * _replicas[best] > (Int128)load[best] * _replicas[e];
            if (bestIsNew && !isHotter) continue;
            var rank = -1;
            for (var r = 0; r < rows.Length; r++)
                if (HasRoom(r) && !Holds(r, e) && (rank < 0 || rows[r] < rows[rank]))
                    rank = r;
            if (rank >= 0 && (!bestIsNew || isHotter)) (best, bestRank, bestIsNew) = (e, rank, true);
            else if (rank < 0 && !bestIsNew && isHotter) (best, bestRank) = (e, Array.FindIndex(_experts, x => x.Count < _slotsPerRank));
        }

        return (best, bestRank);
    }
}
