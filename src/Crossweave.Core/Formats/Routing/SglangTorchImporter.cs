using Crossweave.Core.Formats.Containers;
using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>
/// SGLang recordings as torch files (<c>expert_distribution_recorder_*.pt</c>), one file or a folder with the files of all ranks; see
/// <see cref="SglangDump"/>. The pickle inside is read without running anything.
/// </summary>
public sealed class SglangTorchImporter : IRoutingImporter
{
    public string Name => "sglang-pt";

    public string Summary => "SGLang expert distribution recorder, .pt of modes stat, per_pass, per_token; a file or the folder of all ranks";

    public bool Recognises(string path)
    {
        if (Directory.Exists(path)) return Sniff.Files(path, "*.pt").Length > 0;
        if (!Sniff.IsZip(path)) return path.EndsWith(".pt", StringComparison.OrdinalIgnoreCase);
        try
        {
            using var bytes = ByteRegion.Open(path);
            return ZipDirectory.Read(bytes, path).Exists(i => i.Name.EndsWith("/data.pkl", StringComparison.Ordinal));
        }
        catch (InputException)
        {
            return path.EndsWith(".pt", StringComparison.OrdinalIgnoreCase);
        }
    }

    public Recording Import(string path, ImportOptions options)
    {
        string[] files = Directory.Exists(path) ? Sniff.Files(path, "*.pt") : [path];
        if (files.Length == 0) throw InputException.At(path, "no *.pt", "the files of the recorder");
        var roots = new List<(string, DumpValue)>();
        foreach (var file in files)
        {
            var value = TorchFile.Load(file);
            if (value is not PickleDictionary) throw InputException.At(file, "no dictionary", "a recording of SGLang (logical_count or records)");
            roots.Add((file, new TorchDumpValue(value)));
        }

        return SglangDump.Decode(roots, options);
    }
}
