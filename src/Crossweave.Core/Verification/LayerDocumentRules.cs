using Crossweave.Core.Compute;
using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Verification;

/// <summary>
/// The rules of launches in a schedule document: every row in exactly one launch, after its arrival and before its return; one launch at a
/// time per rank, none faster than the profile. Rows of one pair are interchangeable, so both orders are checked by counting.
/// </summary>
internal static class LayerDocumentRules
{
    /// <summary>The profile the document names; null for a document without compute or with an unreadable profile.</summary>
    public static ComputeProfile? Profile(ScheduleDocument document, FindingList findings)
    {
        if (document.Layer is null) return null;
        try
        {
            return ComputeProfiles.Parse(document.Layer.Compute, "compute");
        }
        catch (InputException e)
        {
            findings.Add("compute profile", "compute", "a profile that can be read without a model", e.Message);
            return null;
        }
    }

    public static void Check(ScheduleDocument document, ClaimFacts facts, FindingList findings)
    {
        var (layer, n) = (document.Layer!, document.RankCount);
        var launches = new List<(int Index, TimedLaunch Launch)>[n];
        for (var rank = 0; rank < n; rank++) launches[rank] = [];
        for (var i = 0; i < layer.Launches.Count; i++)
        {
            var launch = layer.Launches[i];
            if ((uint)launch.Rank < (uint)n) launches[launch.Rank].Add((i, launch));
            else findings.Add("rank", $"launches[{i}]", $"0 to {n - 1}", $"{launch.Rank}");
            foreach (var chunk in launch.Chunks)
            {
                findings.Check((uint)chunk.Source < (uint)n, "rank", $"launches[{i}].chunks", $"0 to {n - 1}", chunk.Source);
                findings.Check(chunk.Tokens > 0, "tokens", $"launches[{i}].chunks", "at least 1", chunk.Tokens);
            }
        }

        for (var rank = 0; rank < n; rank++)
        {
            launches[rank].Sort((a, b) => a.Launch.StartPs != b.Launch.StartPs ? a.Launch.StartPs.CompareTo(b.Launch.StartPs) : a.Index.CompareTo(b.Index));
            Times(launches[rank], facts.Profile, findings);
            for (var source = 0; source < n; source++) Pair(rank, source, launches[rank], facts, findings);
        }

        var ideal = facts.IdealPs();
        if (ideal is null) return;
        findings.Check(layer.IdealPs == ideal, "ideal", "idealPs", $"{ideal}", layer.IdealPs);
        var ratio = ideal == 0 ? 1.0 : document.MakespanPs / (double)ideal;
        findings.Check(Wire.Same(ratio, layer.MakespanOverIdeal), "ideal", "makespanOverIdeal", JsonOutput.Number(ratio), JsonOutput.Number(layer.MakespanOverIdeal));
    }

    private static void Times(List<(int Index, TimedLaunch Launch)> launches, ComputeProfile? profile, FindingList findings)
    {
        var free = 0L;
        foreach (var (index, launch) in launches)
        {
            var where = $"launches[{index}]";
            findings.Check(launch.StartPs >= free, "one launch at a time", where, $"a start of at least {free}, the end of the launch before on rank {launch.Rank}", launch.StartPs);
            var rows = launch.Chunks.Aggregate((Int128)0, (sum, c) => sum + c.Tokens);
            findings.Check(rows == launch.Tokens, "launch rows", where, $"{rows} tokens, the sum of its chunks", launch.Tokens);
            var need = profile?.LaunchPs(launch.Tokens) ?? 0;
            findings.Check(launch.EndPs - launch.StartPs >= need, "launch time", where, $"at least {need} ps for {launch.Tokens} rows", launch.EndPs - launch.StartPs);
            free = Math.Max(free, launch.EndPs);
        }
    }

    private static void Pair(int rank, int source, List<(int Index, TimedLaunch Launch)> launches, ClaimFacts facts, FindingList findings)
    {
        var parts = launches.Select(l => (l.Index, l.Launch, Rows: l.Launch.Chunks.Where(c => c.Source == source).Aggregate((Int128)0, (sum, c) => sum + c.Tokens))).Where(p => p.Rows > 0).ToArray();
        var all = parts.Aggregate((Int128)0, (sum, p) => sum + p.Rows);
        findings.Check(all == facts.Rows[source, rank], "every row in one launch", $"rank {rank}, rows from rank {source}", facts.Rows[source, rank], all);
        if (source == rank) return;
        var arrivals = facts.Arrivals(source, rank);
        var (begun, tokens, next) = ((Int128)0, (Int128)0, 0);
        foreach (var (index, launch, rows) in parts)
        {
            for (; next < arrivals.Length && arrivals[next].EndPs <= launch.StartPs; next++) tokens += arrivals[next].Tokens;
            var arrived = MostRows(tokens);
            begun += rows;
            findings.Check(begun <= arrived, "arrival before launch", $"launches[{index}], rows from rank {source}", $"at most {arrived} rows begun by {launch.StartPs}, which is what has arrived", begun);
        }

        var byEnd = parts.OrderBy(p => p.Launch.EndPs).ToArray();
        var (left, computed, done) = ((Int128)0, (Int128)0, 0);
        foreach (var flow in facts.Returns(rank, source))
        {
            for (; done < byEnd.Length && byEnd[done].Launch.EndPs <= flow.StartPs; done++) computed += byEnd[done].Rows;
            left += flow.Tokens;
            var needed = LeastRows(left);
            findings.Check(needed <= computed, "launch before combine", $"{flow.Where}, transfer {rank} -> {source}", $"at most {computed} rows returned from {flow.StartPs} on, which is what ended launches computed", needed);
        }

        // A share of a pair's tokens stands for the same share of its rows, rounded in favour of the document.
        Int128 MostRows(Int128 sent) => facts.Matrix[source, rank] is > 0 and var every ? ((sent * facts.Rows[source, rank]) + every - 1) / every : 0;
        Int128 LeastRows(Int128 returned) => facts.Returned[rank, source] is > 0 and var every ? returned * facts.Rows[source, rank] / every : returned;
    }
}
