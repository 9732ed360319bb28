using Crossweave.Algorithms.Matching;

namespace Crossweave.Algorithms.Tests.Matching;

/// <summary>Perfect matchings against all there are.</summary>
public sealed class PerfectMatchingTests
{
    [Fact]
    public void Never_lighter_than_the_best_of_all_matchings()
    {
        for (var seed = 0UL; seed < 1500; seed++)
        {
            var prng = new Prng(seed);
            var n = 2 * (1 + prng.NextInt(5));
            var (range, missing) = (1 + prng.NextInt(20), prng.NextInt(3) * 0.25);
            var weight = new long[n * n];
            for (var i = 0; i < n; i++)
                for (var j = i + 1; j < n; j++)
                    weight[(i * n) + j] = weight[(j * n) + i] = prng.NextDouble() < missing ? PerfectMatching.Forbidden : prng.NextInt(range) - (seed % 3 == 0 ? range / 2 : 0);
            var mate = PerfectMatching.Largest(n, weight);
            var best = Best(new bool[n], 0);
            Assert.True((mate is null) == (best is null), $"seed {seed}");
            if (mate is null) continue;
            Assert.All(mate, (m, v) => Assert.True(m != v && mate[m] == v));
            Assert.Equal(best, mate.Select((m, v) => m > v ? weight[(v * n) + m] : 0).Sum());

            long? Best(bool[] used, int from)
            {
                while (from < n && used[from]) from++;
                if (from == n) return 0;
                long? most = null;
                used[from] = true;
                for (var other = from + 1; other < n; other++)
                {
                    if (used[other] || weight[(from * n) + other] == PerfectMatching.Forbidden) continue;
                    used[other] = true;
                    if (Best(used, from + 1) is { } rest && (most is null || rest + weight[(from * n) + other] > most)) most = rest + weight[(from * n) + other];
                    used[other] = false;
                }

                used[from] = false;
                return most;
            }
        }
    }

    [Fact]
    public void Exchanges_of_partners_never_improve_a_large_one()
    {
        for (var seed = 0UL; seed < 5; seed++)
        {
            var prng = new Prng(seed).Split("large");
            const int N = 60;
            var place = Enumerable.Range(0, N).Select(_ => (X: prng.NextInt(1000), Y: prng.NextInt(1000))).ToArray();
            var weight = new long[N * N]; // near points are heavy: many odd clusters
            for (var i = 0; i < N; i++)
                for (var j = 0; j < N; j++)
                    weight[(i * N) + j] = -(((place[i].X - place[j].X) * (place[i].X - place[j].X)) + ((place[i].Y - place[j].Y) * (place[i].Y - place[j].Y)));
            var mate = PerfectMatching.Largest(N, weight)!;
            for (var a = 0; a < N; a++)
                for (var b = 0; b < N; b++)
                {
                    if (b == a || b == mate[a]) continue;
                    Assert.True(weight[(a * N) + mate[a]] + weight[(b * N) + mate[b]] >= weight[(a * N) + b] + weight[(mate[a] * N) + mate[b]]);
                }
        }
    }

    [Fact]
    public void An_odd_number_or_an_isolated_vertex_has_none()
    {
        Assert.Null(PerfectMatching.Largest(3, new long[9]));
        var weight = new long[16];
        for (var v = 0; v < 4; v++) weight[v] = weight[4 * v] = PerfectMatching.Forbidden;
        Assert.Null(PerfectMatching.Largest(4, weight));
    }
}
