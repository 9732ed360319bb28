using System.Numerics;

namespace Crossweave.Core.Verification;

/// <summary>One defect.</summary>
/// <param name="What">The rule that is broken, for example "one-to-one".</param>
/// <param name="Where">Layer, step, rank, slot or key.</param>
/// <param name="Expected">What a correct file would say.</param>
/// <param name="Found">What it says.</param>
public sealed record Finding(string What, string Where, string Expected, string Found)
{
    public override string ToString() => $"{What}: {Where}: expected {Expected}, found {Found}";
}

/// <summary>Outcome of a check from scratch: what was established, and every defect.</summary>
/// <param name="Subject">What was checked, for example "schedule greedy-max-weight on circuit-switch".</param>
/// <param name="Summary">One line per checked property with the recomputed numbers; true only together with no findings.</param>
/// <param name="Findings">Every defect, in the order of the checks.</param>
public sealed record Certificate(string Subject, IReadOnlyList<string> Summary, IReadOnlyList<Finding> Findings)
{
    public bool IsValid => Findings.Count == 0;
}

/// <summary>Collects findings; keeps the first of each rule in full and counts on, so that one broken loop does not print a million lines.</summary>
internal sealed class FindingList
{
    private const int KeptPerRule = 50;

    private readonly List<Finding> _findings = [];
    private readonly Dictionary<string, int> _countOfRule = [];

    public void Add(string what, string where, string expected, string found)
    {
        var count = _countOfRule[what] = _countOfRule.GetValueOrDefault(what) + 1;
        if (count <= KeptPerRule) _findings.Add(new Finding(what, where, expected, found));
    }

    public void Check(bool holds, string what, string where, object expected, object found)
    {
        if (!holds) Add(what, where, $"{expected}", $"{found}");
    }

    public Certificate ToCertificate(string subject, IReadOnlyList<string> summary)
    {
        foreach (var (what, count) in _countOfRule)
            if (count > KeptPerRule)
                _findings.Add(new Finding(what, "further places", "none", $"{count - KeptPerRule} more"));
        return new Certificate(subject, summary, _findings);
    }
}

/// <summary>Arithmetic of wires, written here again so that a mistake in the product's own cannot hide itself.</summary>
internal static class Wire
{
    /// <summary>Least whole picoseconds in which <paramref name="bytes"/> pass a port of <paramref name="bitsPerSecond"/>; absurd sizes saturate.</summary>
    public static Int128 LeastPs(Int128 bytes, Int128 bitsPerSecond)
    {
        var whole = BigInteger.DivRem((BigInteger)bytes * 8 * 1_000_000_000_000, (BigInteger)bitsPerSecond, out var rest);
        if (!rest.IsZero) whole++;
        return whole > (BigInteger)Int128.MaxValue / 8 ? Int128.MaxValue / 8 : (Int128)whole;
    }

    /// <summary>Doubles that were computed in another order may differ in the last digits only.</summary>
    public static bool Same(double a, double b) => a == b || Math.Abs(a - b) <= 1e-9 * Math.Max(Math.Abs(a), Math.Abs(b));
}
