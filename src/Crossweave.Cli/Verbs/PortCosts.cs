using System.CommandLine;
using System.Globalization;
using System.Numerics;
using Crossweave.Core;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Units;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// Unequal ports as whole time units per token and port (deployment spec 2.3: 100/80/50/40 Gbps are 8, 10, 16, 20). One unit is one
/// picosecond of the output. A token is given as many bytes as the least common multiple L of the costs, and the port with cost c the rate
/// 8 x 10^12 x L / c bit/s, which is whole, so every transfer takes exactly tokens x max(c, c') picoseconds.
/// </summary>
internal sealed class PortCosts
{
    public const string Where = "--port-costs";

    private readonly Option<string?> _costs = new(Where)
    {
        Description = "Time of one token on the port of each rank, whole numbers, one per rank (8,10,16,20); one unit is 1 ps of the output. Replaces --bandwidth and --token-bytes.",
        HelpName = "C0,C1,...",
    };

    public Option<string?> Option => _costs;

    /// <returns>The costs given, or null.</returns>
    public long[]? Read(ParseResult parsed, int ranks)
    {
        if (parsed.GetValue(_costs) is not { } text) return null;
        var words = text.Split(',', StringSplitOptions.TrimEntries);
        if (words.Length != ranks) throw InputException.At(Where, $"{words.Length} values", $"one per rank ({ranks})");
        var costs = new long[words.Length];
        for (var rank = 0; rank < costs.Length; rank++)
            if (!long.TryParse(words[rank], NumberStyles.None, CultureInfo.InvariantCulture, out costs[rank]) || costs[rank] == 0)
                throw InputException.At(Where, $"'{words[rank]}' for rank {rank}", "a whole number of at least 1");
        return costs;
    }

    /// <returns>The cluster with ports of these costs and the bytes of a token.</returns>
    public static (Cluster Cluster, Bytes TokenBytes) Apply(long[] costs, string where, Cluster cluster, bool hasOtherRates)
    {
        if (hasOtherRates) throw InputException.At(where, "it beside --bandwidth or --token-bytes", "one or the other");
        BigInteger tokenBytes = 1;
        for (var rank = 0; rank < costs.Length; rank++)
        {
            tokenBytes = tokenBytes * costs[rank] / BigInteger.GreatestCommonDivisor(tokenBytes, costs[rank]);
            if (tokenBytes * 8_000_000_000_000 / costs.Take(rank + 1).Min() * cluster.Switches > long.MaxValue)
                throw InputException.At(where, $"'{string.Join(',', costs)}', whose least common multiple is too large for exact times", "costs with small common multiples, for example 8,10,16,20");
        }

        var rates = costs.Select(c => $"{tokenBytes * 8_000_000_000_000 / c}bps").ToArray();
        return (cluster with { BandwidthOfRank = rates }, new Bytes((long)tokenBytes));
    }
}
