using System.Globalization;
using System.Numerics;
using System.Text;
using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;
using Crossweave.Core.Units;

namespace Crossweave.Cli.Studies;

/// <summary>
/// One exchange on circuit switches: schedulers against each other and against the lower bound, on seeded families of matrices or on the
/// matrices that recorded routing gives under contiguous placement. The delay is a share of the largest line load. With port costs
/// (time per token of a port, an equal block of ranks each) the ports are unequal.
/// </summary>
internal sealed class CircuitStudy : IStudy
{
    private const long TokenPs = 1000;

    public string Key => "circuits";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("families", "traces", "model", "tokens", "ranks", "switches", "delays", "seeds", "schedulers", "portCosts", "everyLayer");
        if (entry.Find("families") is null && !Directory.Exists(context.Data))
            return $"\n## {entry["model"].Text()}: skipped\n\n{context.Data} does not exist; these tables need recordings that are not part of the repository.\n";
        var costs = entry.Find("portCosts")?.Int32List() ?? [1];
        var schedulers = ScheduleContest.Choose(entry.Find("schedulers"));
        var delays = entry["delays"].Items().Select(d => d.Double()).ToArray();
        var text = new StringBuilder();
        var (done, total) = (0L, (long)entry["ranks"].Int32List().Length * entry["switches"].Int32List().Length);
        foreach (var ranks in entry["ranks"].Int32List())
        {
            var matrices = entry.Find("families") is { } families ? Families(families, ranks, entry["seeds"].Int32(1)) : Recorded(entry, context, ranks);
            foreach (var planes in entry["switches"].Int32List())
            {
                text.Append(CultureInfo.InvariantCulture, $"\n## {ranks} ranks, {planes} {(planes == 1 ? "switch" : "switches")}: {(entry.Find("families") is null ? entry["model"].Text() : "seeded families")}{(costs.Length == 1 ? "" : $", port costs {string.Join(", ", costs)}")}\n");
                foreach (var delay in delays)
                {
                    var contest = new ScheduleContest(schedulers);
                    contest.Add([.. matrices.Select(m => (m.Group, Problem(m.Matrix, planes, delay, costs), new Prng(7).Split(m.Group).Split(m.Index)))]);
                    text.Append(CultureInfo.InvariantCulture, $"\nDelay {delay * 100:0.##} % of the largest line load, {contest.InstanceCount} instances.\n\n").Append(contest.Markdown());
                }

                context.Progress.Report("instances", ++done, total);
            }
        }

        return text.ToString();
    }

    // Rates are chosen so that every port takes a whole number of picoseconds per token, and every duration is exact.
    private static SchedulingProblem Problem(TrafficMatrix matrix, int planes, double delay, int[] costs)
    {
        var tokenBytes = costs.Aggregate(1L, (a, c) => a / (long)BigInteger.GreatestCommonDivisor(a, c) * c);
        var rates = Enumerable.Range(0, matrix.RankCount)
            .Select(r => new Bandwidth(8_000_000_000_000 / TokenPs * tokenBytes / costs[r * costs.Length / matrix.RankCount])).ToArray();
        var largest = 0L;
        for (var r = 0; r < matrix.RankCount; r++) largest = Math.Max(largest, Math.Max(matrix.Sent(r), matrix.Received(r)));
        var fabric = new CircuitSwitch().Build(new FabricOptions(
            matrix.RankCount, 1, rates[0], new SimTime((long)Math.Round(delay * largest * TokenPs)), rates, planes));
        return new SchedulingProblem(matrix, new Bytes(tokenBytes), fabric);
    }

    private static List<(string Group, int Index, TrafficMatrix Matrix)> Families(JsonInput names, int ranks, int seeds)
    {
        var matrices = new List<(string, int, TrafficMatrix)>();
        foreach (var name in names.Items())
        {
            var family = MatrixFamilies.Find(name.Text(), name.Where);
            if (ranks < family.LeastRanks) continue;
            for (var seed = 0; seed < seeds; seed++) matrices.Add((family.Name, seed, family.Draw(ranks, new Prng(2026).Split(family.Name).Split(ranks).Split(seed))));
        }

        return matrices;
    }

    // Every second layer (everyLayer: every n-th) of every recording, first batch of so many tokens, dealt round robin to the ranks.
    private static List<(string Group, int Index, TrafficMatrix Matrix)> Recorded(JsonInput entry, StudyContext context, int ranks)
    {
        var model = ModelPresets.Load(entry["model"].Text());
        var step = entry.Find("everyLayer")?.Int32(1) ?? 2;
        var matrices = new List<(string, int, TrafficMatrix)>();
        foreach (var path in context.Traces(entry))
        {
            using var trace = TraceOptions.OpenTrace([path], null, new ImportOptions(model.ExpertCount));
            var tokens = Math.Min(entry["tokens"].Int32(1), trace.TokenCount);
            var options = new TrafficOptions(SendMode.PerRank, true, new Bytes(1), new Bytes(1));
            for (var layer = 0; layer < trace.LayerCount; layer += step)
            {
                var placement = LayerPlacement.Even(model.ExpertCount, [.. Enumerable.Range(0, model.ExpertCount)], ranks);
                var sources = SourceRanks.Find("round-robin", "study").Assign(trace, 0, tokens, ranks);
                var traffic = TrafficBuilder.Build(trace, layer, 0, sources, placement, options, out _);
                matrices.Add((Path.GetFileName(path).Split('.')[0], layer, traffic.Dispatch[0].Copies));
            }
        }

        return matrices;
    }
}
