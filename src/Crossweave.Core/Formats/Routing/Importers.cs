using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Every importer of recorded routing; a new one is one file and one line here.</summary>
public static class Importers
{
    /// <summary>In the order in which formats are tried.</summary>
    public static readonly IReadOnlyList<IRoutingImporter> All =
    [
        new NpyImporter(), new NpzImporter(), new SglangTorchImporter(), new MegatronImporter(), new StratamoeImporter(),
        new SglangJsonImporter(), new WeightJsonImporter(), new LoadCsvImporter(), new TensorRtImporter(),
    ];

    private static string Names => string.Join(", ", All.Select(i => i.Name));

    /// <exception cref="InputException">Unknown name.</exception>
    public static IRoutingImporter Find(string name, string where) =>
        All.FirstOrDefault(i => i.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {Names}");

    /// <summary>Imports a file or folder in the named format, or in the first one that recognises it.</summary>
    /// <exception cref="InputException">No importer recognises the path, or the content is wrong.</exception>
    public static Recording Open(string path, string? format, ImportOptions options)
    {
        if (!File.Exists(path) && !Directory.Exists(path)) throw InputException.At(path, "no such file or folder", "recorded routing");
        var importer = format is null ? All.FirstOrDefault(i => i.Recognises(path)) : Find(format, "--format");
        if (importer is not (null or LoadCsvImporter) && (options.Dataset ?? options.Model) is { } choice)
            throw InputException.At(path, $"a {importer.Name} file, nothing to choose '{choice}' from", "a CSV of loads when a data set or model is named");
        if (importer is not null) return importer.Import(path, options);
        if (File.Exists(path) && new FileInfo(path).Length == 0) throw InputException.At(path, "an empty file", "recorded routing");
        if (Sniff.JsonKeys(path) is { } keys && keys.Contains("layer_list"))
            throw InputException.At(path, "an expert map (a placement)", "recorded routing; import placements with --format vllm-ascend");
        throw InputException.At(path, "no known format", $"one of {Names} (or name it with --format)");
    }

    /// <summary>
    /// Several paths as one recording: traces are concatenated (<see cref="ConcatenatedTrace"/>), loads are added; the two do not mix.
    /// </summary>
    /// <exception cref="InputException">As <see cref="Open"/>, or the shapes differ.</exception>
    public static Recording OpenAll(IReadOnlyList<string> paths, string? format, ImportOptions options)
    {
        if (paths.Count == 0) throw new InputException("no trace was named");
        var recordings = new List<(string Name, Recording Recording)>();
        try
        {
            foreach (var path in paths) recordings.Add((NameOf(path), Open(path, format, options)));
            if (recordings.Count == 1) return recordings[0].Recording;
            if (recordings.TrueForAll(r => r.Recording.Trace is not null))
                return new Recording(new ConcatenatedTrace([.. recordings.Select(r => (r.Name, r.Recording.Trace!))]), Load: null);
            if (recordings.Find(r => r.Recording.Load is null) is { Name: { } name }) throw InputException.At(name, "single tokens", "loads only, as the other files");
            return new Recording(Trace: null, Sum(recordings));
        }
        catch
        {
            foreach (var (_, recording) in recordings) recording.Trace?.Dispose();
            throw;
        }
    }

    // "data/intent.ids.npy" is called "intent".
    private static string NameOf(string path)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        var dot = name.IndexOf('.', 1);
        return dot > 0 ? name[..dot] : name;
    }

    private static ExpertLoad Sum(List<(string Name, Recording Recording)> recordings)
    {
        var first = recordings[0].Recording.Load!;
        var sum = new long[(long)first.LayerCount * first.ExpertCount];
        foreach (var (name, recording) in recordings)
        {
            var load = recording.Load!;
            if (load.LayerCount != first.LayerCount || load.ExpertCount != first.ExpertCount || !load.LayerIds.SequenceEqual(first.LayerIds))
                throw InputException.At(name, $"{load.LayerCount} layers x {load.ExpertCount} experts", $"{first.LayerCount} x {first.ExpertCount} and the same layer numbers as in {recordings[0].Name}");
            for (var layer = 0; layer < load.LayerCount; layer++)
            {
                var tokens = load.Layer(layer);
                for (var e = 0; e < tokens.Length; e++)
                {
                    ref var total = ref sum[(layer * first.ExpertCount) + e];
                    if (tokens[e] > long.MaxValue - total) throw InputException.At(name, "loads that overflow 64 bits together", "smaller ones");
                    total += tokens[e];
                }
            }
        }

        return new ExpertLoad(first.LayerCount, first.ExpertCount, sum, first.LayerIds);
    }
}
