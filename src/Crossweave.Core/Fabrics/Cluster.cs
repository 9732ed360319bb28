using System.Text.Json;
using System.Text.Json.Serialization;
using Crossweave.Core.Units;

namespace Crossweave.Core.Fabrics;

/// <summary>
/// The cluster file: ranks, servers, fabric and compute of one expert-parallel group. Quantities carry units, unknown keys are
/// refused. Example: <c>{"ranks": 16, "nodes": 2, "fabric": "circuit-switch", "bandwidth": "400Gbps", "reconfigurationDelay": "10ns"}</c>.
/// </summary>
public sealed record Cluster
{
    public required int Ranks { get; init; }

    /// <summary>Servers; rank r is on node r / (ranks / nodes). Must divide the ranks.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>A name from <see cref="FabricKinds.All"/>.</summary>
    public string Fabric { get; init; } = IdealSwitch.KindName;

    /// <summary>Port rate of one rank in each direction.</summary>
    public string Bandwidth { get; init; } = "400Gbps";

    /// <summary>Unequal ports, one per rank; replaces <see cref="Bandwidth"/>.</summary>
    public IReadOnlyList<string>? BandwidthOfRank { get; init; }

    /// <summary>Dead time per configuration of a circuit switch.</summary>
    public string? ReconfigurationDelay { get; init; }

    /// <summary>Compute profile text, the same for every rank.</summary>
    public string? Compute { get; init; }

    /// <exception cref="InputException">Not JSON, an unknown key, a missing key, or a value out of range.</exception>
    public static Cluster Read(string path)
    {
        try
        {
            using var stream = File.OpenRead(path);
            var cluster = JsonSerializer.Deserialize(stream, ClusterJson.Default.Cluster) ?? throw InputException.At(path, "null", "an object");
            cluster.BuildFabric(path + ": ");
            return cluster;
        }
        catch (JsonException e)
        {
            throw new InputException($"{path}: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <param name="where">Prefix of error messages, for example "cluster.json: ".</param>
    public Fabric BuildFabric(string where = "")
    {
        if (Ranks is < 1 or > 4096) throw InputException.At(where + "ranks", $"{Ranks}", "1 to 4096");
        if (Nodes < 1 || Ranks % Nodes != 0) throw InputException.At(where + "nodes", $"{Nodes}", $"a divisor of the {Ranks} ranks");
        return FabricKinds.Find(Fabric, where + "fabric").Build(new FabricOptions(
            Ranks,
            Nodes,
            UnitParser.Bandwidth(Bandwidth, where + "bandwidth"),
            ReconfigurationDelay is null ? null : UnitParser.Time(ReconfigurationDelay, where + "reconfigurationDelay"),
            BandwidthOfRank?.Select((b, r) => UnitParser.Bandwidth(b, $"{where}bandwidthOfRank[{r}]")).ToArray()));
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true)]
[JsonSerializable(typeof(Cluster))]
internal sealed partial class ClusterJson : JsonSerializerContext;
