namespace Crossweave.Planning.Placement;

/// <summary>
/// EPLB on one layer after another with scratch that is allocated once. All values are float32 and not negative, so their
/// bit patterns order like the values and (bits, index) pairs in 64-bit keys give the tie rules without comparisons of floats.
/// O(S log E + S log P) per layer beside one linear sort. Not for concurrent use.
/// </summary>
internal sealed class EplbSolver
{
    private readonly EplbShape _shape;
    private readonly int _expertsPerNode;
    private readonly int _slotsPerNode;
    private readonly int _ranksPerNode;

    private readonly float[] _load; // by node-local index of all nodes: node * E/N + m
    private readonly int[] _expertOf; // expert at that index
    private readonly int[] _count; // replicas at that index
    private readonly float[] _groupLoad;
    private readonly int[] _itemPlace; // pack * capacity + position of a packed item
    private readonly float[] _replicaLoad; // by replica of one node, in the order of replication
    private readonly int[] _replicaIndex; // node-local expert of a replica
    private readonly int[] _replicaNumber;
    private readonly float[] _packLoad;
    private readonly int[] _packFill;
    private readonly ulong[] _order;
    private readonly RadixSort _sort;
    private readonly MinTree _hottest;
    private readonly MinTree _lightestNode;
    private readonly MinTree _lightestRank;

    public EplbSolver(EplbShape shape)
    {
        _shape = shape;
        _expertsPerNode = shape.ExpertCount / shape.NodeCount;
        _slotsPerNode = shape.SlotCount / shape.NodeCount;
        _ranksPerNode = shape.RankCount / shape.NodeCount;
        _load = new float[shape.ExpertCount];
        _expertOf = new int[shape.ExpertCount];
        _count = new int[shape.ExpertCount];
        _groupLoad = new float[shape.GroupCount];
        var items = Math.Max(_slotsPerNode, shape.GroupCount);
        var packs = Math.Max(_ranksPerNode, shape.NodeCount);
        _itemPlace = new int[items];
        _replicaLoad = new float[_slotsPerNode];
        _replicaIndex = new int[_slotsPerNode];
        _replicaNumber = new int[_slotsPerNode];
        _packLoad = new float[packs];
        _packFill = new int[packs];
        _order = new ulong[items];
        _sort = new RadixSort(items);
        _hottest = new MinTree(_expertsPerNode);
        _lightestNode = new MinTree(shape.NodeCount);
        _lightestRank = new MinTree(_ranksPerNode);
    }

    /// <summary>Plans one layer.</summary>
    /// <param name="tokens">Load by expert.</param>
    /// <param name="expertOfSlot">Filled: expert of each slot.</param>
    /// <param name="replicaOfSlot">Filled: replica number of each slot.</param>
    /// <param name="replicaCount">Filled: replicas of each expert.</param>
    public void Solve(ReadOnlySpan<long> tokens, Span<int> expertOfSlot, Span<int> replicaOfSlot, Span<int> replicaCount)
    {
        ArrangeGroups(tokens);
        for (var node = 0; node < _shape.NodeCount; node++)
        {
            var firstIndex = node * _expertsPerNode;
            Replicate(_load.AsSpan(firstIndex, _expertsPerNode), _count.AsSpan(firstIndex, _expertsPerNode));
            Pack(_replicaLoad, _ranksPerNode, _lightestRank);
            var firstSlot = node * _slotsPerNode;
            var experts = _expertOf.AsSpan(firstIndex, _expertsPerNode);
            for (var replica = 0; replica < _replicaIndex.Length; replica++)
            {
                var slot = firstSlot + _itemPlace[replica];
                expertOfSlot[slot] = experts[_replicaIndex[replica]];
                replicaOfSlot[slot] = _replicaNumber[replica];
            }
        }

        for (var index = 0; index < _count.Length; index++) replicaCount[_expertOf[index]] = _count[index];
    }

    /// <summary>Packs groups onto nodes and numbers the experts node by node; all later ties are on that number.</summary>
    private void ArrangeGroups(ReadOnlySpan<long> tokens)
    {
        var groupSize = tokens.Length / _shape.GroupCount;
        for (var group = 0; group < _groupLoad.Length; group++)
        {
            var sum = 0f;
            foreach (var load in tokens.Slice(group * groupSize, groupSize)) sum += load;
            _groupLoad[group] = sum;
        }

        Pack(_groupLoad, _shape.NodeCount, _lightestNode);
        for (var group = 0; group < _groupLoad.Length; group++)
        {
            var index = _itemPlace[group] * groupSize;
            for (var expert = group * groupSize; expert < (group + 1) * groupSize; expert++, index++)
            {
                _load[index] = tokens[expert];
                _expertOf[index] = expert;
            }
        }
    }

    /// <summary>One replica each, then every further slot to the largest load per replica, ties to the lowest index.</summary>
    private void Replicate(ReadOnlySpan<float> load, Span<int> count)
    {
        count.Fill(1);
        for (var index = 0; index < load.Length; index++)
        {
            _replicaIndex[index] = index;
            _replicaNumber[index] = 0;
        }

        if (_replicaIndex.Length > load.Length)
        {
            var leaves = _hottest.Leaves;
            for (var index = 0; index < load.Length; index++) leaves[index] = LargestFirst(load[index], index);
            _hottest.Build();
            for (var replica = load.Length; replica < _replicaIndex.Length; replica++)
            {
                var index = _hottest.Winner;
                _replicaIndex[replica] = index;
                _replicaNumber[replica] = count[index]++;
                _hottest.Update(index, LargestFirst(load[index] / count[index], index));
            }
        }

        for (var replica = 0; replica < _replicaIndex.Length; replica++)
        {
            var index = _replicaIndex[replica];
            _replicaLoad[replica] = load[index] / count[index];
        }
    }

    /// <summary>
    /// Balanced packing: heaviest item first (stable) into the lightest pack with room (ties: lowest pack); one item per pack
    /// is the identity. Writes pack * capacity + position per item.
    /// </summary>
    private void Pack(ReadOnlySpan<float> load, int packCount, MinTree lightest)
    {
        var place = _itemPlace.AsSpan(0, load.Length);
        var capacity = load.Length / packCount;
        if (capacity == 1)
        {
            for (var item = 0; item < place.Length; item++) place[item] = item;
            return;
        }

        var order = _order.AsSpan(0, load.Length);
        for (var item = 0; item < order.Length; item++) order[item] = LargestFirst(load[item], item);
        _sort.Sort(order);

        var packLoad = _packLoad.AsSpan(0, packCount);
        var packFill = _packFill.AsSpan(0, packCount);
        packLoad.Clear();
        packFill.Clear();
        var leaves = lightest.Leaves;
        for (var pack = 0; pack < packCount; pack++) leaves[pack] = MinTree.Key(0, pack);
        lightest.Build();
        foreach (var pair in order)
        {
            var item = (int)(uint)pair;
            var pack = lightest.Winner;
            var sum = packLoad[pack] + load[item];
            packLoad[pack] = sum;
            var position = packFill[pack]++;
            place[item] = (pack * capacity) + position;
            var key = position + 1 < capacity ? MinTree.Key(BitConverter.SingleToUInt32Bits(sum), pack) : MinTree.Absent;
            lightest.Update(pack, key);
        }
    }

    private static ulong LargestFirst(float value, int index) => MinTree.Key(~BitConverter.SingleToUInt32Bits(value), index);
}
