using System.IO.Compression;
using System.Text;
using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Core.Tests.Routing;

namespace Crossweave.Core.Tests.Containers;

public sealed class TorchFileTests : IDisposable
{
    // Made by CPython's own pickler (protocols 2 and 4) with torch's persistent ids and rebuild calls, and Python's zipfile; gzip, base64.
    private const string Protocol2 =
        "H4sIAAAAAAACA3VTzW7TQBC2nX83bVJIgUL5CRJSuKRJKCAhceOCFok0CMlCQmZjL1krrp1Zr4NyiNQLkfoGnHgDXqFHTlwqblw5gTjwCKzjLWm26UqjHY/n++Z3uyiTrWnpqWtvvt/7faxrWiJVYcHMod6Y7LqY4+Zo6B8aU9AaVkH8YsQJmRuB/haMxhQyDasirO9D9gEz1x7hKLI9F7JIs7KJNw6GkBMfZfExwJwSRpg9JBPIz9lGzDvAbAIFaytx8MM+9u0RnUSeIxQnjAMORYeHIp+mHXPPj0ybkX7s+a7NSRCFzB53TCg10uQi4YkHBMwUYj4P+KvUZMKaJYrT2lC28uJ2Yhc/acE6KnPY2EcaMlB+BhWUR/oMqkeOE/o+cbgXBpH5krkibfeZ53ATNu/34BKHyz2oxVPYatAs0qmokOZpgRapyISaNI3VgSt0Ha1zuLovfCpIR8YMrh3RhGKbw/Ue3IiJtSM8fRzxRdk8tP1wMFcP8Ah2UlJZ0oswGPyv6eY8Tgtu0Xkht0UhtEKraYg7HOo9uBs3u0uz/vj053bSgUQ2z8y6P+EkTCr1Pc59sgx69M368U5oiWwoC7Lbkm6aLm9D3hlt+eiK3VDs2gX45VyOTx7bScjWqlzaOVlasg5FISUhpoxhSM5kM0/9lrm//n34a09oe6u4O47kKUiuouQrSU5T8q5J7vI5/pPPg9eGRFfO8I8Ji8SuPTC7SDdqmYtf5uk5nPdMfacqWp31Av1HXzF5Fa5OfQGvG+oOqFh1SgvsFxXbVrHqFBbYUkadiYpVO7zAeplz/e6iXNIa0Z+8FoiOfJpv3D9T/ZpyHAUAAA==";

    private const string Protocol4 =
        "H4sIAAAAAAACA3WTQYsTMRTHk+l02m271nUrInjxVi/dbt1VELzpQSJYVwQPypjOxMnQ2UnJpJUi4l5cUHLbePVzePLoycseBPHqyYPgRzDTpkyb7QYefQ35/fPe+2f6qOS2wHxdB2+e/7z/EQKQx0W9g3lA4wnZCbHAndEwOXI/vYPzw29VW1Y4CRgPM/VCtfP/zVeMv8Y89Ec4y/w4VAhIl+N0mCeNCAtKOOH+kEyVrIx4fIi5zi5HCRvgxB/RaRYHOgnYOBVKNgTT13f8sYiTTMlLPieDcZyEviBpxrg/6akT1dZVZPogjoiS5RmhZO1BKp6YzRMl4a6SXjAO8Z2uQg2hHiOAHOQdK+QheKw+yHrAkoQEImapvqj+iIe6zvBeHAiN3zhQQh2osW6QugjSMgLUoxVapfV2mzZoU8KeoltoMxeGdBtB5GhRemUBEnktwZko+hPMT1g0Sw/xSBmdTVl/yNJoue5urjsvmG7T1pJmp7/i2/u7v696Ostja8m3wVQQlneTxEIkZBW69f3Zr5c6y+OCZfZO1xwDxm7gmN8SWF3Q2nesfXAOv1rL19Pbfn5ld10tu2XTWkVHVceGjpq5wzGaro7FuVXtb//2/+zpbG+ddi8wOhWjVTV6G0azZnTrRrtxRv/0c/TUMXRzSX9CeKZf1M1aH0GnVTr/K1uso9nM7G/Opm2vC/oLXOO8jduuF/hfaL8Bm7VdKtipY3tms7YLBfvDZns2a0+4YPdLZ+bdR+V8NHo+Hkh1S+Hsxf0HrRVLPugEAAA=";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Protocol2)]
    [InlineData(Protocol4)]
    public void A_recording_pickled_by_CPython_with_a_strided_view_gives_the_logical_counts(string fixture)
    {
        using var gzip = new GZipStream(new MemoryStream(Convert.FromBase64String(fixture)), CompressionMode.Decompress);
        using var file = new MemoryStream();
        gzip.CopyTo(file);
        var path = _folder.Write("expert_distribution_recorder_1.0_0.pt", file.ToArray());
        var load = Importers.Open(path, null, new ImportOptions()).Load!;
        // Pass 1 is the transposed view [physical, layers] from element 1 on; slots of layer 0 hold 0 1 2 3 0 1, of layer 1 3 2 1 0 2 3.
        Assert.Equal([6L + 14, 8 + 16, 10, 12], load.Layer(0).ToArray());
        Assert.Equal([14L, 12, 10 + 16, 8 + 18], load.Layer(1).ToArray());
    }

    [Theory]
    [InlineData("cposix\nsystem\n", "posix.system")]
    [InlineData("cbuiltins\neval\n", "builtins.eval")]
    [InlineData("ctorch\nload\n", "torch.load")]
    [InlineData("cnumpy.core.multiarray\n_reconstruct\n", "numpy.core.multiarray._reconstruct")]
    [InlineData("\u008c\u0002os\u008c\u0006system\u0093", "os.system")]
    [InlineData("(i", "INST")]
    [InlineData("N)\u0081", "NEWOBJ")]
    [InlineData("}}b", "BUILD")]
    [InlineData("\u008b\u0001\u0000\u0000\u0000\u0001", "LONG4")]
    public void Anything_but_tensors_is_refused_by_name_and_offset(string program, string named)
    {
        byte[] pickle = [0x80, 2, .. Encoding.Latin1.GetBytes(program), (byte)'.'];
        var path = _folder.Write("evil.pt", TorchWriter.Archive(pickle, []));
        var error = Assert.Throws<InputException>(() => TorchFile.Load(path));
        Assert.Contains(named, error.Message);
        Assert.Contains("byte ", error.Message);
        Assert.Contains("evil.pt", error.Message);
    }

    [Fact]
    public void A_call_of_a_persistent_storage_or_of_a_list_is_refused()
    {
        byte[] pickle = [0x80, 2, (byte)']', (byte)')', (byte)'R', (byte)'.'];
        var path = _folder.Write("call.pt", TorchWriter.Archive(pickle, []));
        Assert.Contains("a call of something else", Assert.Throws<InputException>(() => TorchFile.Load(path)).Message);
    }

    [Fact]
    public void A_view_beyond_its_storage_or_larger_than_it_is_refused()
    {
        var good = SavedTensor.Int32([2, 3], 1, 2, 3, 4, 5, 6);
        foreach (var bad in new[] { good with { Offset = 1 }, good with { Stride = [4, 1] }, good with { Size = [1 << 30, 1 << 30], Stride = [0, 0] }, good with { Offset = -1 } })
        {
            var path = _folder.Write("view.pt", TorchWriter.Save(new Dictionary<string, object?> { ["logical_count"] = bad }));
            Assert.Contains("storage of 6 elements", Assert.Throws<InputException>(() => TorchFile.Load(path)).Message);
        }
    }

    [Fact]
    public void Zip_entries_that_name_the_same_bytes_over_and_over_are_refused()
    {
        var storage = SavedTensor.Int32([1000], new int[1000]);
        var tensors = Enumerable.Range(0, 8).ToDictionary(i => $"t{i}", object? (_) => storage);
        var bytes = TorchWriter.Save(tensors);
        var path = _folder.Write("bomb.pt", bytes);
        Assert.IsType<PickleDictionary>(TorchFile.Load(path));

        // Points every storage entry of the directory at the first one, then cuts the file between: the sum no longer fits.
        var items = ZipDirectory.Read(new ArrayBytes(bytes), path);
        var first = items.First(i => i.Name.EndsWith("data/0", StringComparison.Ordinal));
        var last = items.First(i => i.Name.EndsWith("data/7", StringComparison.Ordinal));
        var end = (int)(first.DataOffset + first.Length + 16);
        var directory = (int)BitConverter.ToUInt32(bytes, bytes.Length - 6);
        var local = (uint)BitConverter.ToUInt32(bytes, FindEntry(bytes, directory, first.Name) + 42);
        foreach (var item in items)
        {
            var at = FindEntry(bytes, directory, item.Name) + 42;
            if (BitConverter.ToUInt32(bytes, at) > local) BitConverter.TryWriteBytes(bytes.AsSpan(at), local);
        }

        BitConverter.TryWriteBytes(bytes.AsSpan(bytes.Length - 6), (uint)end);
        _folder.Write("bomb.pt", [.. bytes[..end], .. bytes[directory..]]);
        Assert.True(last.DataOffset > end);
        Assert.Contains("storages larger than the file together", Assert.Throws<InputException>(() => TorchFile.Load(path)).Message);
    }

    private static int FindEntry(byte[] bytes, int directory, string name) =>
        directory + bytes.AsSpan(directory).IndexOf(Encoding.UTF8.GetBytes(name)) - 46;

    [Fact]
    public void Plain_values_of_every_kind_come_back()
    {
        var path = _folder.Write("plain.pt", TorchWriter.Save(new object?[] { null, true, false, 5, 300, 70_000, -2, 0.25, "text", new Dictionary<string, object?> { ["k"] = 1 } }));
        var list = Assert.IsType<List<object?>>(TorchFile.Load(path));
        Assert.Equal([null, true, false, 5L, 300L, 70_000L, -2L, 0.25, "text"], list[..9]);
        Assert.True(Assert.IsType<PickleDictionary>(list[9]).TryGet("k", out var one));
        Assert.Equal(1L, one);
    }
}
