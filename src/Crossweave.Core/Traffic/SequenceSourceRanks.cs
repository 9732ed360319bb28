using Crossweave.Core.Routing;

namespace Crossweave.Core.Traffic;

/// <summary>
/// Data-parallel blocks: every sequence lies wholly on one rank. Sequences in token order go to the rank with the fewest tokens so
/// far (tie: lowest rank). A sequence that only partly lies in the asked range counts with its tokens inside. O(sequences x ranks).
/// </summary>
public sealed class SequenceSourceRanks : ISourceRankRule
{
    public string Name => "by-sequence";

    public string Summary => "each sequence wholly on one rank, onto the rank with the fewest tokens so far";

    public int[] Assign(RoutingTrace trace, int firstToken, int tokenCount, int rankCount)
    {
        var ranks = new int[tokenCount];
        var load = new long[rankCount];
        foreach (var sequence in trace.Sequences)
        {
            var from = Math.Max(sequence.FirstToken, firstToken);
            var to = Math.Min((long)sequence.FirstToken + sequence.TokenCount, (long)firstToken + tokenCount);
            if (from >= to) continue;
            var lightest = 0;
            for (var rank = 1; rank < rankCount; rank++)
                if (load[rank] < load[lightest])
                    lightest = rank;
            load[lightest] += to - from;
            ranks.AsSpan(from - firstToken, (int)(to - from)).Fill(lightest);
        }

        return ranks;
    }
}
