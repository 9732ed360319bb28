using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>Which rank owns each token. Stateless; registered in <see cref="SourceRanks.All"/>.</summary>
public interface ISourceRankRule
{
    /// <summary>Name on the command line, kebab-case.</summary>
    string Name { get; }

    /// <summary>One line for help texts and docs.</summary>
    string Summary { get; }

    /// <summary>Source rank of tokens [firstToken, firstToken + tokenCount), in token order, each in [0, rankCount).</summary>
    /// <exception cref="InputException">The trace lacks what the rule needs, or holds a rank out of range.</exception>
    int[] Assign(RoutingTrace trace, int firstToken, int tokenCount, int rankCount);
}
