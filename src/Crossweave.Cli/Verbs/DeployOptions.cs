using System.CommandLine;
using System.Numerics;
using Crossweave.Core;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Routing;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;
using Crossweave.Planning.Deployment;

namespace Crossweave.Cli.Verbs;

/// <summary>Devices and models of a deployment on the command line; times are picoseconds.</summary>
internal sealed class DeployOptions
{
    private static readonly (string Name, ShardMoves Moves)[] Shards = [("together", ShardMoves.Together), ("fixed", ShardMoves.Fixed), ("free", ShardMoves.Free)];

    private readonly Option<string?> _matrices = new("--matrix") { Description = "Traffic matrices, one per model: n lines of n whole numbers (row = rank that sends, the diagonal is local).", HelpName = "A.csv,B.csv" };
    private readonly Option<string?> _traces = new("--trace") { Description = "Recorded routing instead, one file per model; --experts for all when the files do not say.", HelpName = "A.npy,B.npy" };
    private readonly Option<int> _layer = new("--layer") { Description = "Layer of the traces, counted from 0.", HelpName = "N" };
    private readonly Option<int?> _experts = new("--experts") { Description = "Logical experts per layer of the traces.", HelpName = "N" };
    private readonly Option<string> _source = new("--source") { Description = $"Data shard of a token: {string.Join(", ", SourceRanks.All.Select(r => r.Name))}.", DefaultValueFactory = _ => "round-robin", HelpName = "RULE" };
    private readonly Option<string?> _moves = new("--shards") { Description = "Data shards (the sources of tokens): together (shard i and expert i are one rank; matrices), fixed (one per device, only experts move; traces) or free (move on their own).", HelpName = "together|fixed|free" };
    private readonly Option<string?> _send = new("--send-rates") { Description = "Send rate of every device, with unit, or one for all; replaces the cluster's.", HelpName = "RATE,..." };
    private readonly Option<string?> _receive = new("--receive-rates") { Description = "Receive rate of every device. Default: as it sends.", HelpName = "RATE,..." };
    private readonly Option<string?> _compute = new("--compute-times") { Description = "Time of one token in the experts of every device, with unit; replaces --compute.", HelpName = "TIME,..." };
    private readonly Option<string> _tokenBytes = new("--token-bytes") { Description = "Bytes of one token on the wire, with unit.", DefaultValueFactory = _ => "14336B", HelpName = "BYTES" };
    private readonly Option<int?> _gate = new("--gate-tokens") { Description = "Work of a gate, and of an aggregation, on every device in tokens. Default: a tenth of a device's mean load.", HelpName = "N" };
    private readonly ClusterOptions _cluster = new();

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _matrices, _traces, _layer, _experts, _source, _moves, _send, _receive, _compute, _tokenBytes, _gate }) command.Options.Add(option);
        _cluster.AddTo(command);
    }

    /// <summary>Whether any of the inputs was given.</summary>
    public bool HasModels(ParseResult parsed) => (parsed.GetValue(_matrices) ?? parsed.GetValue(_traces)) is not null;

    public Bytes TokenBytes(ParseResult parsed)
    {
        var bytes = UnitParser.Bytes(parsed.GetValue(_tokenBytes)!, "--token-bytes");
        return bytes.Value > 0 ? bytes : throw InputException.At("--token-bytes", "0", "at least 1 byte");
    }

    public (IReadOnlyList<DeviceCost> Devices, IReadOnlyList<ShardedModel> Models) Read(ParseResult parsed)
    {
        var (matrices, traces) = (Words(parsed.GetValue(_matrices)), Words(parsed.GetValue(_traces)));
        if ((matrices.Length == 0) == (traces.Length == 0)) throw InputException.At("--matrix", matrices.Length == 0 ? "neither it nor --trace" : "it beside --trace", "one of --matrix, --trace and --instance");
        if (Math.Max(matrices.Length, traces.Length) > TimeLines.MostModels) throw InputException.At("--matrix or --trace", $"{Math.Max(matrices.Length, traces.Length)} models", $"at most {TimeLines.MostModels}");
        var read = matrices.Select(TrafficMatrixFile.Read).ToList();
        var listed = Math.Max(Words(parsed.GetValue(_send)).Length, Words(parsed.GetValue(_compute)).Length);
        var cluster = _cluster.Read(parsed, listed > 1 ? listed : read.Count > 0 ? read[0].RankCount : null);
        var n = cluster.Ranks;
        var text = parsed.GetValue(_moves) ?? (traces.Length > 0 ? "fixed" : "together");
        var known = Shards.FirstOrDefault(s => s.Name == text);
        if (known.Name is null) throw InputException.At("--shards", $"'{text}'", $"one of {string.Join(", ", Shards.Select(s => s.Name))}");
        if (known.Moves == ShardMoves.Together && traces.Length > 0) throw InputException.At("--shards", "'together' with --trace", "fixed or free: a trace has one shard per device");
        IReadOnlyList<(int Shards, int Experts, long[] Tokens)> tokens =
            [.. read.Select(m => (m.RankCount, m.RankCount, m.Cells.ToArray())), .. traces.Select(t => Count(parsed, t, n))];
        var models = tokens.Select(t =>
        {
            var work = parsed.GetValue(_gate) is { } given ? VerbText.InRange(given, 0, int.MaxValue, "--gate-tokens") : t.Tokens.Sum() / (10 * n);
            return new ShardedModel(t.Shards, t.Experts, t.Tokens, known.Moves, work, work);
        }).ToList();
        return (Devices(parsed, cluster, tokens.Sum(t => t.Tokens.Sum()) / n), models);
    }

    private (int Shards, int Experts, long[] Tokens) Count(ParseResult parsed, string path, int shards)
    {
        using var trace = TraceOptions.OpenTrace([path], null, new ImportOptions(parsed.GetValue(_experts)));
        var layer = VerbText.InRange(parsed.GetValue(_layer), 0, trace.LayerCount - 1, "--layer");
        return (shards, trace.ExpertCount, ShardedModel.Count(trace, layer, SourceRanks.Find(parsed.GetValue(_source)!, "--source").Assign(trace, shards), shards));
    }

    private List<DeviceCost> Devices(ParseResult parsed, Cluster cluster, long meanTokens)
    {
        var (n, fabric, bytes) = (cluster.Ranks, cluster.BuildFabric(), TokenBytes(parsed));
        var send = PerDevice(parsed, _send, n, t => Wire(bytes, UnitParser.Bandwidth(t, "--send-rates"))) ?? [.. Enumerable.Range(0, n).Select(r => Wire(bytes, fabric.SendRate(r)))];
        var receive = PerDevice(parsed, _receive, n, t => Wire(bytes, UnitParser.Bandwidth(t, "--receive-rates")))
            ?? (parsed.GetValue(_send) is null ? [.. Enumerable.Range(0, n).Select(r => Wire(bytes, fabric.ReceiveRate(r)))] : send);
        var compute = PerDevice(parsed, _compute, n, t => UnitParser.Time(t, "--compute-times").Picoseconds) ?? Slope(cluster, n, Math.Max(1, meanTokens));
        return [.. Enumerable.Range(0, n).Select(g => new DeviceCost(send[g], receive[g], compute[g]))];
    }

    // A profile counts as proportional, at its speed for the mean load of a device.
    private static long[] Slope(Cluster cluster, int n, long tokens)
    {
        var text = cluster.Compute ?? throw InputException.At("--compute-times", "neither it nor a compute profile", "--compute-times, for example 330ns, or --compute, for example linear:330ns");
        var time = ComputeProfiles.Parse(text, "--compute").LaunchPs(tokens);
        return [.. Enumerable.Repeat((time + tokens - 1) / tokens, n)];
    }

    private static long Wire(Bytes bytes, Bandwidth rate) => (long)(((new BigInteger(bytes.Value) * 8_000_000_000_000) + rate.BitsPerSecond - 1) / rate.BitsPerSecond);

    private static long[]? PerDevice(ParseResult parsed, Option<string?> option, int n, Func<string, long> read)
    {
        var words = Words(parsed.GetValue(option));
        if (words.Length == 0) return null;
        if (words.Length != 1 && words.Length != n) throw InputException.At(option.Name, $"{words.Length} values", $"one per device ({n}), or one for all");
        var values = Array.ConvertAll(words, w => read(w));
        return words.Length == n ? values : [.. Enumerable.Repeat(values[0], n)];
    }

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}
