using Crossweave.Core.Traffic;

namespace Crossweave.Core.Tests.Traffic;

public sealed class SourceRankTests
{
    private static readonly ArrayTrace Trace = new(new ushort[12], 1, 4, [5, 2, 1, 1, 3]);

    [Fact]
    public void Sequences_go_whole_to_the_rank_with_the_fewest_tokens()
    {
        // 5 -> rank 0; 2 -> rank 1; 1 -> rank 1 (2 < 5); 1 -> rank 1; 3 -> rank 1 (4 < 5).
        Assert.Equal([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1], SourceRanks.Find("by-sequence", "test").Assign(Trace, 2));
        // Tokens 3..7 of sequences 0 (2 inside), 1 (2) and 2 (1): ranks 0, 1, then the tie goes to rank 0.
        Assert.Equal([0, 0, 1, 1, 0], SourceRanks.Find("by-sequence", "test").Assign(Trace, 3, 5, 2));
    }

    [Fact]
    public void Round_robin_counts_tokens_of_the_trace() =>
        Assert.Equal([1, 2, 0, 1], SourceRanks.Find("round-robin", "test").Assign(Trace, 4, 4, 3));

    [Fact]
    public void Recorded_ranks_are_used_and_checked()
    {
        var rule = SourceRanks.Find("from-trace", "test");
        var recorded = new ArrayTrace(new ushort[3], 1, 4, [3], [2, 0, 1]);
        Assert.Equal([0, 1], rule.Assign(recorded, 1, 2, 3));
        Assert.Equal(
            "source ranks 'from-trace', token 0: found rank 2, expected 0 to 1",
            Assert.Throws<InputException>(() => rule.Assign(recorded, 2)).Message);
        Assert.Throws<InputException>(() => rule.Assign(Trace, 2));
        Assert.Throws<InputException>(() => SourceRanks.Find("by-token", "--source-ranks"));
    }
}
