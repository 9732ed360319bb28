using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;

namespace Crossweave.Core.Verification;

/// <summary>Every off-diagonal entry is carried exactly, by transfers between two different existing ranks.</summary>
internal static class DemandRules
{
    /// <returns>True when every pair is carried by one transfer.</returns>
    public static bool Check(IReadOnlyList<TimedStep> steps, TrafficMatrix matrix, string phase, FindingList findings)
    {
        var n = matrix.RankCount;
        var carried = new Int128[n, n];
        var pieces = new int[n, n];
        for (var m = 0; m < steps.Count; m++)
        {
            foreach (var t in steps[m].Transfers)
            {
                var where = $"{phase}step {m}, transfer {t.Source} -> {t.Target}";
                if (t.Source < 0 || t.Source >= n || t.Target < 0 || t.Target >= n)
                {
                    findings.Add("rank", where, $"ranks 0 to {n - 1}", $"{t.Source} -> {t.Target}");
                    continue;
                }

                findings.Check(t.Source != t.Target, "local traffic", where, "no transfer from a rank to itself", $"{t.Tokens} tokens");
                findings.Check(t.Tokens > 0, "tokens", where, "at least 1", t.Tokens);
                carried[t.Source, t.Target] += t.Tokens;
                pieces[t.Source, t.Target]++;
            }
        }

        var whole = true;
        for (var s = 0; s < n; s++)
        {
            for (var t = 0; t < n; t++)
            {
                whole &= pieces[s, t] <= 1;
                if (s != t) findings.Check(carried[s, t] == matrix[s, t], "demand", $"{phase}pair {s} -> {t}", $"{matrix[s, t]} tokens", carried[s, t]);
            }
        }

        return whole;
    }
}
