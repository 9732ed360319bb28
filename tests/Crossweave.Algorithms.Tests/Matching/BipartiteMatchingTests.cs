using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Matching;

public sealed class BipartiteMatchingTests
{
    [Fact]
    public void Repaired_matchings_are_maximum_by_Koenigs_theorem()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var prng = new Prng(90).Split(seed);
            var n = 1 + prng.NextInt(80);
            var matching = new BipartiteMatching(n);
            for (var k = prng.NextInt(3 * n); k >= 0; k--) matching.Add(prng.NextInt(n), prng.NextInt(n));
            for (var round = 0; round < 10; round++)
            {
                matching.Grow();
                Assert.True(CoverSize(matching, n) == matching.Count, $"seed {seed} round {round}");
                for (var k = 0; k < 3; k++)
                {
                    matching.Remove(prng.NextInt(n), prng.NextInt(n));
                    matching.Add(prng.NextInt(n), prng.NextInt(n));
                }

                if (matching.ColumnOfRow[0] >= 0) matching.Remove(0, matching.ColumnOfRow[0]);
            }
        }
    }

    [Theory]
    [InlineData("11/11", true)]
    [InlineData("10/01", true)]
    [InlineData("11/01", false)] // the corner entry lies on no perfect matching
    [InlineData("10/10", false)]
    [InlineData("110/011/101", true)]
    [InlineData("111/011/001", false)]
    public void Total_support_of_small_patterns(string pattern, bool expected)
    {
        var rows = pattern.Split('/');
        Assert.Equal(expected, TotalSupport.Holds([.. rows.SelectMany(r => r.Select(c => (long)(c - '0')))], rows.Length));
    }

    // Vertex cover from unmatched rows by alternating reachability; checks that it covers every edge.
    private static int CoverSize(BipartiteMatching m, int n)
    {
        var rowSeen = new bool[n];
        var columnSeen = new bool[n];
        var stack = new Stack<int>(Enumerable.Range(0, n).Where(i => m.ColumnOfRow[i] < 0));
        foreach (var i in stack) rowSeen[i] = true;
        while (stack.TryPop(out var i))
            for (var j = 0; j < n; j++)
            {
                if (!m.HasEdge(i, j) || columnSeen[j]) continue;
                columnSeen[j] = true;
                var owner = m.RowOfColumn[j];
                if (owner < 0) return -1; // an augmenting path was missed
                if (rowSeen[owner]) continue;
                rowSeen[owner] = true;
                stack.Push(owner);
            }

        for (var i = 0; i < n; i++)
            for (var j = 0; j < n; j++)
                if (m.HasEdge(i, j) && rowSeen[i] && !columnSeen[j])
                    return -1;
        return rowSeen.Count(s => !s) + columnSeen.Count(s => s);
    }
}
