using System.Numerics;

namespace Crossweave.Planning.Placement;

/// <summary>
/// Smallest of up to n keys under single-key updates: a complete binary tournament, O(log n) per update without branches
/// that depend on the data. A key carries its own leaf index in the low 32 bits, so equal values go to the lowest index.
/// </summary>
internal readonly struct MinTree
{
    /// <summary>A leaf that never wins against a real key.</summary>
    public const ulong Absent = ulong.MaxValue;

    private readonly ulong[] _nodes; // node i has children 2i and 2i + 1; leaves start at _leafBase
    private readonly int _leafBase;

    public MinTree(int leafCount)
    {
        _leafBase = (int)BitOperations.RoundUpToPowerOf2((uint)leafCount);
        _nodes = new ulong[2 * _leafBase];
        Array.Fill(_nodes, Absent);
    }

    /// <summary>The keys by index; call <see cref="Build"/> after writing them.</summary>
    public Span<ulong> Leaves => _nodes.AsSpan(_leafBase);

    /// <summary>Index of the smallest key.</summary>
    public int Winner => (int)(uint)_nodes[1];

    /// <summary>Key of a value and an index; smaller value first, then lower index.</summary>
    public static ulong Key(uint value, int index) => ((ulong)value << 32) | (uint)index;

    public void Build()
    {
        var nodes = _nodes;
        for (var i = _leafBase - 1; i >= 1; i--) nodes[i] = Math.Min(nodes[2 * i], nodes[(2 * i) + 1]);
    }

    public void Update(int index, ulong key)
    {
        var nodes = _nodes;
        var i = _leafBase + index;
        nodes[i] = key;
        while (i > 1)
        {
            key = Math.Min(key, nodes[i ^ 1]);
            i >>= 1;
            nodes[i] = key;
        }
    }
}
