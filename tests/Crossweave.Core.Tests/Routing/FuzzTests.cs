using Crossweave.Algorithms;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Tests.Routing;

/// <summary>Damaged files of every format give an InputException or a usable recording, never anything else, and little memory.</summary>
public sealed class FuzzTests : IDisposable
{
    private const int CasesPerFile = 200;
    private const long MostBytes = 96L << 20;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_files_give_clean_errors_only()
    {
        var samples = Samples.Make(_folder);
        Assert.Empty(Importers.All.Select(i => i.Name).Except(samples.Select(s => s.Importer)));
        var refused = 0;
        var cases = 0;
        foreach (var sample in samples)
        {
            var original = File.ReadAllBytes(sample.File);
            Use(Importers.Find(sample.Importer, "test").Import(sample.Path, new ImportOptions()));
            for (var c = 0; c < CasesPerFile; c++)
            {
                var damaged = Mutate(original, new Prng(2026).Split(sample.File[_folder.Path.Length..]).Split(c));
                var here = $"{Path.GetFileName(sample.File)}, case {c}";
                File.WriteAllBytes(sample.File, damaged);
                cases++;
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    if (c % 4 == 0) Use(Importers.Open(sample.Path, null, new ImportOptions()));
                    else Use(Importers.Find(sample.Importer, "test").Import(sample.Path, new ImportOptions(ExpertCount: c % 4 == 1 ? 8 : null)));
                }
                catch (InputException e)
                {
                    refused++;
                    Assert.DoesNotContain('\n', e.Message);
                    Assert.True(e.Message.Length < 2000, $"{here}: {e.Message}");
                }
                catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
                {
                    Assert.Fail($"{here}: {e}");
                }

                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < MostBytes, $"{here}: {allocated} bytes allocated");
            }

            File.WriteAllBytes(sample.File, original);
        }

        Assert.True(refused > cases / 3, $"only {refused} of {cases} damaged files were refused");
    }

    [Fact]
    public void A_truncated_binary_file_is_refused_wherever_it_ends()
    {
        foreach (var sample in Samples.Make(_folder).Where(s => s.File.EndsWith(".npy", StringComparison.Ordinal) || s.File.EndsWith(".npz", StringComparison.Ordinal) || s.File.EndsWith(".pt", StringComparison.Ordinal) || s.File.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            var original = File.ReadAllBytes(sample.File);
            for (var length = 0; length < original.Length; length += 1 + (original.Length / 600))
            {
                File.WriteAllBytes(sample.File, original[..length]);
                Assert.Throws<InputException>(() => Importers.Find(sample.Importer, "test").Import(sample.Path, new ImportOptions()));
            }

            File.WriteAllBytes(sample.File, original);
        }
    }

    private static void Use(Recording recording)
    {
        if (recording.Trace is not { } trace)
        {
            Assert.NotNull(recording.Load);
            return;
        }

        var (layers, k) = (trace.LayerCount, trace.TopK);
        Assert.Null(SequenceTable.Fault(trace.Sequences, trace.TokenCount));
        var all = RandomTrace.All(trace);
        for (var row = 0; row < all.Length; row += k) Assert.Equal(-1, ChoiceValidator.FaultInRow(all.AsSpan(row, k), trace.ExpertCount));
        var rows = new ushort[trace.TokenCount * k];
        for (var l = 0; l < layers; l++) trace.ReadLayer(l, 0, trace.TokenCount, rows);
        if (trace.HasWeights) trace.ReadWeights(layers - 1, 0, trace.TokenCount, new float[trace.TokenCount * k]);
        if (trace.HasSourceRanks) trace.ReadSourceRanks(0, trace.TokenCount, new int[trace.TokenCount]);
        trace.Dispose();
    }

    private static byte[] Mutate(byte[] original, Prng prng)
    {
        var bytes = original.ToList();
        for (var n = 1 + prng.NextInt(3); n > 0; n--)
        {
            var at = prng.NextInt(bytes.Count + 1);
            switch (prng.NextInt(8))
            {
                case 0 when at < bytes.Count: bytes[at] ^= (byte)(1 << prng.NextInt(8)); break;
                case 1 when at < bytes.Count: bytes[at] = (byte)prng.NextInt(256); break;
                case 2: bytes.RemoveRange(at, bytes.Count - at); break;
                case 3: bytes.InsertRange(at, Enumerable.Range(0, 1 + prng.NextInt(8)).Select(_ => (byte)prng.NextInt(256))); break;
                case 4: bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + prng.NextInt(8))); break;
                case 5: // swap two chunks
                    var length = 1 + prng.NextInt(16);
                    var other = prng.NextInt(bytes.Count + 1);
                    for (var i = 0; i < length && at + i < bytes.Count && other + i < bytes.Count; i++) (bytes[at + i], bytes[other + i]) = (bytes[other + i], bytes[at + i]);
                    break;
                case 6: // a digit or an extreme value
                    byte[] extremes = [(byte)'9', (byte)'-', (byte)'0', 0xFF, 0x7F, 0x80, 0, (byte)'['];
                    for (var i = 0; i < 1 + prng.NextInt(9) && at + i < bytes.Count; i++) bytes[at + i] = extremes[prng.NextInt(extremes.Length)];
                    break;
                default: // repeat a chunk
                    var chunk = bytes.GetRange(at, Math.Min(bytes.Count - at, 1 + prng.NextInt(64)));
                    bytes.InsertRange(at, chunk);
                    break;
            }
        }

        return [.. bytes];
    }
}
