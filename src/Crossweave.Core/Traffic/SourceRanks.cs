using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>Every way to give tokens a source rank; a new one is one file and one line here.</summary>
public static class SourceRanks
{
    public static readonly IReadOnlyList<ISourceRankRule> All = [new SequenceSourceRanks(), new RoundRobinSourceRanks(), new RecordedSourceRanks()];

    /// <exception cref="InputException">Unknown name.</exception>
    public static ISourceRankRule Find(string name, string where) =>
        All.FirstOrDefault(r => r.Name == name) ??
        throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(r => r.Name))}");

    /// <summary>All tokens of the trace.</summary>
    public static int[] Assign(this ISourceRankRule rule, RoutingTrace trace, int rankCount) =>
        rule.Assign(trace, 0, trace.TokenCount, rankCount);
}
