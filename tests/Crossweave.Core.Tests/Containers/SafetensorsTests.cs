using System.Buffers.Binary;
using System.Text;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Tests.Routing;

namespace Crossweave.Core.Tests.Containers;

public sealed class SafetensorsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    internal static byte[] File(string header, int dataBytes, Action<byte[]>? fill = null)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var data = new byte[dataBytes];
        fill?.Invoke(data);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return [.. length, .. json, .. data];
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I32","shape":[1],"data_offsets":[4,8]}}""", 8, "overlap")]
    [InlineData("""{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"I32","shape":[1],"data_offsets":[8,12]}}""", 12, "hole")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}""", 4, "truncated")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}""", 12, "12 bytes of data")]
    [InlineData("""{"a":{"dtype":"I32","shape":[3],"data_offsets":[0,8]}}""", 8, "expected 12")]
    [InlineData("""{"a":{"dtype":"Q7","shape":[2],"data_offsets":[0,8]}}""", 8, "dtype 'Q7'")]
    [InlineData("""{"a":{"dtype":"I32","shape":[2]}}""", 8, "no key 'data_offsets'")]
    [InlineData("""{"a":""", 0, "JSON syntax error")]
    public void A_defect_is_named(string header, int dataBytes, string named)
    {
        var path = _folder.Write("x.safetensors", File(header, dataBytes));
        Assert.Contains(named, Assert.Throws<InputException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Fact]
    public void A_header_length_beyond_the_limit_is_refused_before_it_is_read()
    {
        var path = _folder.Write("x.safetensors", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 2, 3]);
        Assert.Contains("at most 100000000", Assert.Throws<InputException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Fact]
    public void Values_are_read_whatever_the_order_of_the_header()
    {
        var path = _folder.Write("x.safetensors", File(
            """{"__metadata__":{"format":"pt"},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]},"a":{"dtype":"I32","shape":[2],"data_offsets":[0,8]}}""",
            16,
            data =>
            {
                BinaryPrimitives.WriteInt32LittleEndian(data, -7);
                BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(4), 9);
                BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8), 1L << 40);
            }));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["a", "b"], file.Tensors.Select(t => t.Name));
        Assert.Equal([-7L, 9L], file.Integers(file.Tensors[0]));
        Assert.Equal([1L << 40], file.Integers(file.Tensors[1]));
    }
}
