using Crossweave.Core.Layers;

namespace Crossweave.Core.Verification;

/// <summary>The rules of one rank's launches: after their data, one at a time, at the profile's speed, before their results leave.</summary>
internal static class LaunchRules
{
    public static void Check(
        int rank, Activity[] activities, TransferLedger dispatch, TransferLedger combine, LayerProblem problem, FindingList findings)
    {
        var launches = activities.Where(a => a.Kind == ActivityKind.Launch && a.Rank == rank).ToArray();
        var rows = dispatch.Rows.Sum(row => row[rank]);
        findings.Check(launches.Sum(a => a.Tokens) == rows, "rows computed", $"rank {rank}", rows, launches.Sum(a => a.Tokens));
        for (var i = 0; i < launches.Length; i++)
        {
            var where = $"rank {rank}, launch {i}";
            if (i > 0) findings.Check(launches[i].StartPs >= launches[i - 1].EndPs, "one launch at a time", where, $"a start of at least {launches[i - 1].EndPs}", launches[i].StartPs);
            var need = problem.ComputeOfRank[rank].LaunchPs(launches[i].Tokens);
            findings.Check(launches[i].EndPs - launches[i].StartPs >= need, "launch time", where, $"at least {need} ps for {launches[i].Tokens} rows", launches[i].EndPs - launches[i].StartPs);
        }

        Arrival(rank, launches, dispatch, findings);
        Departure(rank, launches, dispatch, combine, findings);
    }

    // Rows begun so far may not exceed local rows plus rows of transfers that have ended.
    private static void Arrival(int rank, Activity[] launches, TransferLedger dispatch, FindingList findings)
    {
        var arrivals = dispatch.Moved.Where(m => m.Activity.Peer == rank).OrderBy(m => m.Activity.EndPs).ToArray();
        var ready = dispatch.Rows[rank][rank];
        var begun = 0L;
        var next = 0;
        foreach (var launch in launches)
        {
            for (; next < arrivals.Length && arrivals[next].Activity.EndPs <= launch.StartPs; next++)
                ready += arrivals[next].After.Most - arrivals[next].Before.Least;
            begun += launch.Tokens;
            findings.Check(begun <= ready, "arrival before launch", $"rank {rank}, launch at {launch.StartPs}", $"at most {ready} rows begun, which is what has arrived", begun);
        }
    }

    // Rows whose results have left may not exceed rows of ended launches, nor, per home rank, what had arrived before they began.
    private static void Departure(int rank, Activity[] launches, TransferLedger dispatch, TransferLedger combine, FindingList findings)
    {
        var left = new long[dispatch.Rows.Length];
        var total = 0L;
        var arrivals = dispatch.Moved.Where(m => m.Activity.Peer == rank).OrderBy(m => m.Activity.EndPs).ToArray();
        var arrived = new long[dispatch.Rows.Length];
        var nextArrival = 0;
        var byEnd = launches.OrderBy(a => a.EndPs).ToArray();
        var computed = 0L;
        var nextLaunch = 0;
        foreach (var m in combine.Moved.Where(m => m.Activity.Rank == rank))
        {
            var at = m.Activity.StartPs;
            for (; nextLaunch < byEnd.Length && byEnd[nextLaunch].EndPs <= at; nextLaunch++)
            {
                computed += byEnd[nextLaunch].Tokens;
                for (; nextArrival < arrivals.Length && arrivals[nextArrival].Activity.EndPs <= byEnd[nextLaunch].StartPs; nextArrival++)
                    arrived[arrivals[nextArrival].Activity.Rank] += arrivals[nextArrival].After.Most - arrivals[nextArrival].Before.Least;
            }

            var home = m.Activity.Peer;
            total += m.After.Least - left[home];
            left[home] = m.After.Least;
            var where = $"rank {rank} to {home} at {at}";
            findings.Check(total <= computed, "launch before combine", where, $"at most {computed} rows, which is what ended launches computed", total);
            findings.Check(left[home] <= arrived[home], "launch before combine", where, $"at most {arrived[home]} rows, which is what had arrived from rank {home} for ended launches", left[home]);
        }
    }
}
