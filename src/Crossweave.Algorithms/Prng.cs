using System.Numerics;

namespace Crossweave.Algorithms;

/// <summary>
/// The only source of randomness: xoshiro256** seeded through SplitMix64. A generator is passed in, never global,
/// and independent streams are split off by name, so that adding a draw in one place does not shift another.
/// The same seed and name give the same sequence on every machine, forever.
/// </summary>
/// <remarks>Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2019 (public domain algorithm).</remarks>
public sealed class Prng
{
    private readonly ulong _origin;
    private ulong _s0, _s1, _s2, _s3;

    public Prng(ulong seed)
    {
        _origin = seed;
        var state = seed;
        _s0 = SplitMix64(ref state);
        _s1 = SplitMix64(ref state);
        _s2 = SplitMix64(ref state);
        _s3 = SplitMix64(ref state);
    }

    /// <summary>A child stream that depends on the seed and the name only, not on how many numbers were drawn.</summary>
    public Prng Split(string name)
    {
        var hash = 0xCBF29CE484222325UL; // FNV-1a over UTF-16 code units
        foreach (var c in name) hash = (hash ^ c) * 0x100000001B3UL;
        return new Prng(Mix(_origin ^ Mix(hash)));
    }

    /// <summary>A child stream by index, for example one per layer.</summary>
    public Prng Split(int index) => new(Mix(_origin ^ Mix(0x9E3779B97F4A7C15UL + (ulong)(uint)index)));

    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, bound), without modulo bias (Lemire's multiply-and-reject).</summary>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        var range = (ulong)bound;
        var high = Math.BigMul(NextUInt64(), range, out var low);
        if (low < range)
        {
            var threshold = (0UL - range) % range;
            while (low < threshold) high = Math.BigMul(NextUInt64(), range, out low);
        }

        return (int)high;
    }

    /// <summary>Uniform in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Standard normal (Box-Muller, one value per call; two uniforms are consumed).</summary>
    public double NextNormal()
    {
        var u = 1.0 - NextDouble();
        var v = NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * v);
    }

    /// <summary>Fisher-Yates, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix64(ref ulong state) => Mix(state += 0x9E3779B97F4A7C15UL);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
