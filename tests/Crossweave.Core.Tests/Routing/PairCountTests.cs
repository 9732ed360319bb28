using System.Buffers.Binary;
using System.Text;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

/// <summary>Pair counts in every form they come in, their loads, and the bounds that they give.</summary>
public sealed class PairCountTests
{
    private static readonly long[] Three = [-1, 4, 2, 4, -1, 6, 2, 6, -1];

    [Fact]
    public void Every_form_gives_the_same_counts()
    {
        using var folder = new TemporaryFolder();
        var data = new byte[8 * Three.Length];
        for (var i = 0; i < Three.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8 * i), Three[i]);
        var files = new Dictionary<string, byte[]>
        {
            ["a.csv"] = Encoding.ASCII.GetBytes("# pairs\n-1,4,2\n4,-1,6\n2,6,-1\n"),
            ["a.npy"] = [.. NpyHeader.Bytes(ElementType.Int64, 3, 3), .. data],
            ["b.npy"] = [.. NpyHeader.Bytes(ElementType.Int64, 1, 3, 3), .. data],
            ["a.pkl"] = Pickle3(data),
            ["b.pkl"] = Pickle5(data),
        };
        foreach (var (name, bytes) in files)
        {
            var path = folder.File(name);
            File.WriteAllBytes(path, bytes);
            var pairs = PairCountFile.Read(path);
            Assert.Equal((1, 3), (pairs.LayerCount, pairs.ExpertCount));
            Assert.Equal([0, 4, 2, 4, 0, 6, 2, 6, 0], pairs.Layer(0));
            Assert.Equal([6, 10, 8], pairs.Load(2).Layer(0));
            Assert.Equal(12, pairs.Sets(0).TokenCount);
            Assert.Equal(0.5, pairs.IntraFraction(0, [0, 1, 1]));
        }
    }

    [Theory]
    [InlineData("0,1\n2,0\n", "layer 0, experts 1 and 0: found 2, but 1 the other way round")]
    [InlineData("0,-3\n-3,0\n", "layer 0, experts 1 and 0: found -3")]
    [InlineData("5,1\n1,0\n", "layer 0, experts 0 and 0: found 5")]
    [InlineData("0,1,2\n1,0,2\n", "an array of shape (2, 3)")]
    [InlineData("0,1\n1\n", "line 2: found 1 values")]
    [InlineData("0,x\n", "line 1: found 'x'")]
    public void Wrong_matrices_are_refused_with_their_place(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("p.csv");
        File.WriteAllText(path, text);
        Assert.Contains(expected, Assert.Throws<InputException>(() => PairCountFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cposix\nsystem\n", "posix.system")]
    [InlineData("cnumpy\nload\n", "numpy.load")]
    [InlineData("}.", "another object")]
    public void A_pickle_of_anything_else_is_refused(string opcodes, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("p.pkl");
        File.WriteAllBytes(path, [0x80, 3, .. Encoding.ASCII.GetBytes(opcodes)]);
        Assert.Contains(expected, Assert.Throws<InputException>(() => PairCountFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pickle_whose_data_do_not_fill_the_shape_is_refused()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("p.pkl");
        File.WriteAllBytes(path, Pickle3(new byte[64]));
        Assert.Contains("64 bytes of data, expected 72", Assert.Throws<InputException>(() => PairCountFile.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Loads_and_bounds_of_more_than_two_experts_per_token()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var prng = new Algorithms.Prng(seed);
            var (experts, topK, tokens) = (12, 2 + prng.NextInt(4), 100);
            var choices = new ushort[tokens * topK];
            for (var t = 0; t < tokens; t++)
            {
                var order = Enumerable.Range(0, experts).Select(e => (ushort)e).ToArray();
                prng.Shuffle<ushort>(order);
                order.AsSpan(0, topK).CopyTo(choices.AsSpan(t * topK));
            }

            var sets = TokenSets.Of(experts, topK, choices);
            var pairs = new PairCounts(1, experts, sets.Pairs());
            Assert.Equal(Enumerable.Range(0, experts).Select(sets.Load), pairs.Load(topK).Layer(0).ToArray());
            var rankOf = Enumerable.Range(0, experts).Select(_ => prng.NextInt(3)).ToArray();
            var (least, most) = PairCounts.DistinctRanks(topK, pairs.IntraFraction(0, rankOf));
            Assert.InRange((double)sets.Copies(rankOf, 3) / tokens, least - 1e-12, most + 1e-12);
            if (topK == 2) Assert.Equal(least, most);
        }
    }

    // pickle.dump(array, protocol=3) of NumPy 1.x: numpy.core.multiarray._reconstruct and a state tuple.
    private static byte[] Pickle3(byte[] data) =>
    [
        0x80, 3, .. "cnumpy.core.multiarray\n_reconstruct\nq\0cnumpy\nndarray\nq"u8, 1, .. "K\0"u8, 0x85, (byte)'q', 2, (byte)'C', 1, (byte)'b', (byte)'q', 3, 0x87, (byte)'q', 4,
        (byte)'R', (byte)'q', 5, .. "(K"u8, 1, (byte)'K', 3, (byte)'K', 3, 0x86, (byte)'q', 6, .. "cnumpy\ndtype\nq"u8, 7, (byte)'X', 2, 0, 0, 0, .. "i8q"u8, 8, .. "K\0K"u8, 1, 0x87,
        (byte)'q', 9, (byte)'R', (byte)'q', 10, .. "(K"u8, 3, (byte)'X', 1, 0, 0, 0, .. "<q"u8, 11, .. "NNNJ"u8, 255, 255, 255, 255, (byte)'J', 255, 255, 255, 255, .. "K\0tq"u8, 12,
        (byte)'b', 0x89, (byte)'B', (byte)data.Length, 0, 0, 0, .. data, (byte)'q', 13, (byte)'t', (byte)'q', 14, (byte)'b', (byte)'.',
    ];

    // Protocol 5 of NumPy 2.x: numpy._core.numeric._frombuffer(bytearray, dtype, shape, order), names on the stack.
    private static byte[] Pickle5(byte[] data) =>
    [
        0x80, 5, 0x8C, 19, .. "numpy._core.numeric"u8, 0x94, 0x8C, 11, .. "_frombuffer"u8, 0x94, 0x93, 0x94, .. "("u8, 0x96, (byte)data.Length, 0, 0, 0, 0, 0, 0, 0, .. data, 0x94,
        0x8C, 5, .. "numpy"u8, 0x94, 0x8C, 5, .. "dtype"u8, 0x94, 0x93, 0x94, 0x8C, 2, .. "i8"u8, 0x94, 0x89, 0x88, 0x87, 0x94, (byte)'R', 0x94, .. "(K"u8, 3, 0x8C, 1, (byte)'<', 0x94,
        .. "NNNJ"u8, 255, 255, 255, 255, (byte)'J', 255, 255, 255, 255, .. "K\0t"u8, 0x94, (byte)'b', (byte)'K', 3, (byte)'K', 3, 0x86, 0x94, 0x8C, 1, (byte)'C', 0x94, (byte)'t', 0x94,
        (byte)'R', 0x94, (byte)'.',
    ];
}
