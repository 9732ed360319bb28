using Crossweave.Core.Fabrics;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Units;

namespace Crossweave.Planning.Layers;

/// <summary>Length of a single step.</summary>
internal static class StepTimes
{
    /// <summary>
    /// Longest transfer of a matching, or of its way back. Steps that share ports (packet fabrics) and held local transfers count with
    /// their busiest port. Without the delay. O(transfers), quadratic only for shared ports.
    /// </summary>
    public static long DurationPs(Fabric fabric, Step step, Bytes copyBytes, bool turned)
    {
        var longest = 0L;
        if (step.Held is { } held) longest = fabric.PairRate(held.Source, held.Target).TransferPs(held.Tokens * copyBytes.Value);
        foreach (var t in step.Transfers)
        {
            var (from, to) = turned ? (t.Target, t.Source) : (t.Source, t.Target);
            longest = Math.Max(longest, fabric.PairRate(from, to).TransferPs(t.Tokens * copyBytes.Value));
        }

        if (fabric.IsCircuitSwitched || IsMatching(step, fabric.RankCount)) return longest;
        foreach (var t in step.Transfers)
        {
            var (sent, received) = (0L, 0L);
            foreach (var u in step.Transfers)
            {
                if (u.Source == t.Source) sent += u.Tokens;
                if (u.Target == t.Target) received += u.Tokens;
            }

            longest = Math.Max(longest, (turned ? fabric.ReceiveRate(t.Source) : fabric.SendRate(t.Source)).TransferPs(sent * copyBytes.Value));
            longest = Math.Max(longest, (turned ? fabric.SendRate(t.Target) : fabric.ReceiveRate(t.Target)).TransferPs(received * copyBytes.Value));
        }

        return longest;
    }

    /// <summary>Every source and every target at most once.</summary>
    public static bool IsMatching(Step step, int rankCount)
    {
        Span<bool> sends = stackalloc bool[rankCount];
        Span<bool> receives = stackalloc bool[rankCount];
        foreach (var t in step.Transfers)
        {
            if (sends[t.Source] || receives[t.Target]) return false;
            sends[t.Source] = receives[t.Target] = true;
        }

        return true;
    }
}
