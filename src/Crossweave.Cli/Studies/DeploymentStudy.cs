using System.Globalization;
using Crossweave.Algorithms;
using Crossweave.Algorithms.Flow;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Deployment;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>Aurora's scenarios (arXiv 2410.17043) on generated traffic: baselines with stated orders, the proven optimum beside them.</summary>
internal sealed class DeploymentStudy : IStudy
{
    private const int RandomPlacements = 60;
    private const int RandomPairings = 30;
    private const int RandomOrders = 6;

    private static readonly (string Name, Func<int, StudyContext, string> Section)[] Tables =
        [("scenarios", Scenarios), ("baselines", Baselines), ("families", Families), ("drift", Drift)];

    public string Key => "deployments";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("table", "instances");
        var name = entry["table"].Text();
        var (_, section) = Tables.FirstOrDefault(t => t.Name == name);
        if (section is null) throw InputException.At(entry["table"].Where, $"'{name}'", $"one of {string.Join(", ", Tables.Select(t => t.Name))}");
        return "\n" + section(entry["instances"].Int32(1, 10_000), context);
    }

    /// <summary>The calibrated default of deployment spec 7: n = 8, dp-mild, half a wire time per token of compute.</summary>
    private static string Scenarios(int instances, StudyContext context)
    {
        var rows = new Samples();
        for (var s = 0; s < instances; s++)
        {
            context.Progress.Report("scenarios", s + 1, instances);
            var prng = new Prng(1).Split("scenarios").Split(s);
            DeployedModel[] models = [Draw("dp-mild", 8, prng.Split("a")), Draw("dp-mild", 8, prng.Split("b"))];
            var (equal, unequal) = (Equal(8, 4), DeploymentFamilies.Devices(8));
            foreach (var (model, index) in models.Select((m, i) => (m, i)))
            {
                const string alone = "exclusive, equal";
                var optimal = BarrierTime(model, equal, Bound);
                rows.Add(alone, "SJF / optimal order", "up to 1.38", BarrierTime(model, equal, w => Ordered(w, SendOrderFlow.ShortestFirst(8, w.Cells.ToArray()))) / optimal);
                rows.Add(alone, "RCS / optimal order", "at most SJF's", BarrierTime(model, equal, w => Enumerable.Range(0, RandomOrders).Average(k => Ordered(w, SendOrderFlow.Random(8, prng.Split(index).Split(k))))) / optimal);
                rows.Add(alone, "LJF / optimal order", "–", BarrierTime(model, equal, w => Ordered(w, SendOrderFlow.LongestFirst(8, w.Cells.ToArray()))) / optimal);
                var (problem, barrier) = (new DeploymentProblem(unequal, [model]), Line("barrier"));
                var (sort, best) = (Value("sort", problem, barrier), Value("optimal", problem, barrier));
                var random = Mean(RandomPlacements, prng.Split(index), p => Value("random", problem, barrier, p));
                const string unequalAlone = "exclusive, unequal";
                rows.Add(unequalAlone, "RGA / sort rule", "1.36 to 1.81", random / sort);
                rows.Add(unequalAlone, "RGA / optimum", "–", random / best);
                rows.Add(unequalAlone, "sort rule / optimum", "1 (claimed)", sort / best);
                rows.Add(unequalAlone, "sort by max(s, r) / optimum", "–", Value("sort-max-load", problem, barrier) / best);
            }

            Colocated(rows, models, equal, unequal, prng);
        }

        return $"## The four scenarios, calibrated ({instances} pairs of models)\n\n"
            + "n = 8, dp-mild; equal: 8 and 4 time units a token (wire, experts); unequal: 8, 10, 16, 20 and 4, 5, 8, 10, two devices each. Orders, placements and pairings at random are means of "
            + $"{RandomOrders}, {RandomPlacements} and {RandomPairings} draws.\n\n" + rows.Write();
    }

    private static void Colocated(Samples rows, DeployedModel[] models, DeviceCost[] equal, DeviceCost[] unequal, Prng prng)
    {
        var (pair, t2) = (new DeploymentProblem(equal, models), Line("t2"));
        var joint = Value("optimal", pair, t2);
        const string scenario = "colocated, equal (t2)";
        foreach (var lina in LinaMethod.All)
            foreach (var (model, index) in models.Select((m, i) => (m, i)))
                rows.Add(scenario, $"{lina.Name} of one model / colocated", lina.Name == "lina-optimal" ? "1.25 to 2.38 (order not stated)" : "as above", lina.ModelTime(model, equal[..4], prng.Split(index)).ToDouble() / joint);
        rows.Add(scenario, "REC / colocated", "–", Mean(RandomPairings, prng, p => Value("random", pair, t2, p)) / joint);
        double[] alone = [.. models.Select(m => BarrierTime(m, equal, Bound))];
        rows.Add(scenario, "one after the other / colocated", "–", alone.Sum() / joint);
        rows.Add(scenario, "colocated / exclusive time", "above 1", joint / alone.Average());
        var exclusive = models.Zip(alone, (m, time) => Work(m, 4) / 8 / time).Average();
        var together = models.Sum(m => Work(m, 4)) / 8 / joint;
        rows.Add(scenario, "utilisation, exclusive", "mostly below 0.20", exclusive);
        rows.Add(scenario, "utilisation, colocated / exclusive", "1.57 to 1.72", together / exclusive);
        foreach (var lina in LinaMethod.All)
            rows.Add(scenario, $"utilisation, colocated / {lina.Name}", "1.28 to 1.50 (order not stated)", together / models.Select((m, index) => Work(m, 4) / 4 / lina.ModelTime(m, equal[..4], prng.Split(index)).ToDouble()).Average());
        foreach (var name in new[] { "t2", "pg" })
        {
            var (problem, line, where) = (new DeploymentProblem(unequal, models), Line(name), $"colocated, unequal ({name})");
            var best = Value("optimal", problem, line);
            var (twoStage, random) = (Value("two-stage", problem, line), Mean(RandomPlacements, prng, p => Value("random", problem, line, p)));
            rows.Add(where, "two-stage / optimum", "1.07 on average", twoStage / best);
            rows.Add(where, "sort-sort / optimum", "–", Value("sort-sort", problem, line) / best);
            rows.Add(where, "swap / optimum", "–", Value("swap", problem, line) / best);
            rows.Add(where, "fast / optimum", "–", Value("fast", problem, line) / best);
            if (name == "t2") // a device runs one model only, so its queue changes nothing
                foreach (var lina in LinaMethod.All)
                    foreach (var (model, index) in models.Select((m, i) => (m, i)))
                        rows.Add(where, $"{lina.Name} of one model / optimum", lina.Name == "lina-optimal" ? "1.91 to 3.54 over two-stage (order not stated)" : "as above", lina.ModelTime(model, [unequal[index], unequal[2 + index], unequal[4 + index], unequal[6 + index]], prng.Split(index)).ToDouble() / best);
            rows.Add(where, "RGA + REC / two-stage", "about 2.0", random / twoStage);
            rows.Add(where, "RGA + REC / optimum", "–", random / best);
        }
    }

    /// <summary>Equal devices against Lina in three orders, random pairs and turns: where colocation wins and where it loses.</summary>
    private static string Baselines(int pairs, StudyContext context)
    {
        var table = new Table("", [
            new("family", true), new("k"), new("comm. share"), .. LinaMethod.All.Select(l => new Column(l.Name)), new("REC"), new("sequential"), new("util. exclusive"), new("util. colocated"), new("slower Lina (optimal)"),
        ]);
        foreach (var family in new[] { "dp-mild", "dp-skew" })
        {
            foreach (var compute in new long[] { 2, 4, 8, 16 })
            {
                context.Progress.Report("baselines, rows", table.Rows.Count + 1, 8);
                var (lina, rest) = (LinaMethod.All.Select(_ => new List<double>()).ToArray(), new double[6]);
                for (var s = 0; s < pairs; s++)
                {
                    var prng = new Prng(1).Split("baselines").Split(family).Split(s);
                    DeployedModel[] models = [Draw(family, 8, prng.Split("a")), Draw(family, 8, prng.Split("b"))];
                    var (devices, line) = (Equal(8, compute), Line("t2"));
                    var problem = new DeploymentProblem(devices, models);
                    var joint = Value("optimal", problem, line);
                    for (var l = 0; l < lina.Length; l++)
                        for (var m = 0; m < 2; m++)
                            lina[l].Add(LinaMethod.All[l].ModelTime(models[m], devices[..4], prng.Split(m)).ToDouble() / joint);
                    double[] alone = [.. models.Select(m => BarrierTime(m, devices, Bound))];
                    var packed = models.Max(m => LinaMethod.All[0].ModelTime(m, devices[..4], prng).ToDouble());
                    rest[0] += models.Zip(alone, (m, t) => 2 * Bound(m.Demand) * 8 / t).Average();
                    rest[1] += Mean(RandomPairings, prng, p => Value("random", problem, line, p)) / joint;
                    rest[2] += alone.Sum() / joint;
                    rest[3] += models.Zip(alone, (m, t) => Work(m, compute) / 8 / t).Average();
                    rest[4] += models.Sum(m => Work(m, compute)) / 8 / joint;
                    rest[5] += packed / joint;
                }

                table.Add([
                    family, $"{compute}", ReportText.Fixed(rest[0] / pairs), .. lina.Select(l => (Cell)$"{ReportText.Fixed(l.Min())} – {ReportText.Fixed(l.Max())}"),
                    ReportText.Fixed(rest[1] / pairs), ReportText.Fixed(rest[2] / pairs), ReportText.Fixed(rest[3] / pairs), ReportText.Fixed(rest[4] / pairs), ReportText.Fixed(rest[5] / pairs),
                ]);
            }
        }

        return $"## Equal devices: colocation against its baselines ({pairs} pairs of models)\n\n"
            + "n = 8, 8 time units a token on the wire, k in the experts. Time over that of the optimal colocation (t2): Lina's packing per model (range over models; below 1 = colocation loses), random pairs, both models in turns. Utilisation alone and colocated. Last: the slower Lina model over the colocated time, optimal order.\n\n"
            + MarkdownTable.Write(table);
    }

    /// <summary>Rules and searches over the proven optimum, by family.</summary>
    private static string Families(int instances, StudyContext context)
    {
        (string Title, string Line, bool Equal, int Models, string[] Methods, int[] Sizes)[] kinds =
        [
            ("exclusive, unequal", "barrier", false, 1, ["sort", "sort-max-load"], [4, 5, 6, 7, 8]),
            ("colocated, equal", "pg", true, 2, ["bottleneck", "swap"], [3, 4, 5, 6, 7]),
            ("colocated, unequal", "pg", false, 2, ["two-stage", "sort-sort", "swap", "fast"], [4, 5, 6, 8]),
            ("colocated, unequal, n = 16", "pg", false, 2, ["two-stage", "sort-sort", "swap", "fast"], [16]),
        ];
        var table = new Table("", [new("scenario", true), new("method", true), .. DeploymentFamilies.All.Select(f => new Column(f.Name)), new("mean"), new("worst"), new("optimal"), new("proven")]);
        var done = 0;
        foreach (var (title, lineName, isEqual, count, methods, sizes) in kinds)
        {
            var gaps = methods.Select(_ => DeploymentFamilies.All.Select(_ => new List<double>()).ToArray()).ToArray();
            var (proven, total, line) = (0, 0, Line(lineName));
            for (var f = 0; f < DeploymentFamilies.All.Count; f++)
            {
                context.Progress.Report("families", ++done, kinds.Length * DeploymentFamilies.All.Count);
                for (var s = 0; s < (sizes[0] == 16 ? Math.Max(1, instances / 6) : instances); s++)
                {
                    var (n, prng) = (sizes[s % sizes.Length], new Prng(1).Split("families").Split(title).Split(f).Split(s));
                    var devices = isEqual ? Equal(n, s % 2 == 0 ? 4 : 10) : DeploymentFamilies.Devices(n, steep: s % 2 == 1);
                    var problem = new DeploymentProblem(devices, [.. Enumerable.Range(0, count).Select(m => DeploymentFamilies.Model(DeploymentFamilies.All[f].Draw(n, prng.Split(m))))]);
                    var best = Plan("optimal", problem, line, prng);
                    (total, proven) = (total + 1, proven + (best.IsProven ? 1 : 0));
                    for (var m = 0; m < methods.Length; m++) gaps[m][f].Add(Value(methods[m], problem, line) / best.Value);
                }
            }

            for (var m = 0; m < methods.Length; m++)
            {
                var all = gaps[m].SelectMany(g => g).ToList();
                table.Add([$"{title} ({lineName})", methods[m], .. gaps[m].Select(g => (Cell)ReportText.Fixed(g.Average(), 3)), ReportText.Fixed(all.Average(), 4), ReportText.Fixed(all.Max(), 3), ReportText.Percent(all.Count(g => g == 1) / (double)all.Count, 0), $"{proven} of {total}"]);
            }
        }

        return $"## Gap to the optimum by family ({instances} instances each)\n\nTime over the optimum of the same instance; sizes 4 to 8 (equal devices 3 to 7), compute in proportion and steep by turns.\n\n" + MarkdownTable.Write(table);
    }

    /// <summary>Plans from layer 1 judged on the sum of layers 1 to q, which are alike to a given degree (deployment spec 7, noise).</summary>
    private static string Drift(int repetitions, StudyContext context)
    {
        var table = new Table("", [new("scenario", true), new("similarity"), new("plan", true), new("0 %"), new("50 %"), new("67 %"), new("75 %"), new("0 % to 75 %")]);
        foreach (var (scenario, count, line, rule) in new[] { ("exclusive", 1, Line("barrier"), "sort"), ("colocated", 2, Line("t2"), "two-stage") })
        {
            foreach (var similarity in new[] { 0.0, 0.5, 1.0 })
            {
                string[] plans = [$"{rule}, layer 1", "optimum, layer 1", "optimum, re-planned a layer late", "optimum, re-planned"];
                var sum = plans.Select(_ => new double[4]).ToArray();
                for (var s = 0; s < repetitions; s++)
                {
                    context.Progress.Report($"drift, {scenario}, similarity {similarity.ToString(CultureInfo.InvariantCulture)}", s + 1, repetitions);
                    AddSpeedUps(sum, count, line, rule, similarity, new Prng(1).Split("drift").Split(s));
                }

                for (var p = 0; p < plans.Length; p++)
                    table.Add([scenario, ReportText.Fixed(similarity, 1), plans[p], .. sum[p].Select(v => (Cell)ReportText.Fixed(v / repetitions)), ReportText.Percent((sum[p][3] / sum[p][0]) - 1)]);
            }
        }

        return $"## Drift: foreign share of the traffic ({repetitions} repetitions)\n\n"
            + "Unequal devices, n = 8, dp-skew; one model under barrier, two under t2. Layer 1 is drawn; each later layer is similarity x layer 1 + the rest fresh; judged on the sum of layers 1 to 4, that is 0, 50, 67 and 75 % foreign. Speed-up over random placement (and pairing; mean of "
            + $"{RandomPlacements}). Published (2410.17043, figure 14): exclusive 1.90 falling to 1.60, colocated (two-stage) about 2.0 to 1.80.\n\n" + MarkdownTable.Write(table);
    }

    // [plan][layers - 1] += random placement over the plan, on the sum of the layers.
    private static void AddSpeedUps(double[][] sum, int models, TimeLine line, string rule, double similarity, Prng prng)
    {
        var devices = DeploymentFamilies.Devices(8);
        long[][] first = [.. Enumerable.Range(0, models).Select(m => Fresh(prng.Split("first"), m))];
        var (known, before) = (first.Select(c => (long[])c.Clone()).ToArray(), first);
        for (var q = 0; q < 4; q++)
        {
            if (q > 0)
            {
                before = [.. known.Select(c => (long[])c.Clone())];
                for (var m = 0; m < models; m++)
                {
                    var fresh = Fresh(prng.Split("fresh").Split(q), m);
                    for (var k = 0; k < fresh.Length; k++) known[m][k] += (long)Math.Round((similarity * first[m][k]) + ((1 - similarity) * fresh[k]));
                }
            }

            var problem = Problem(known);
            var random = Mean(RandomPlacements, prng.Split("random").Split(q), p => Value("random", problem, line, p));
            DeploymentPlan[] chosen = [Plan(rule, Problem(first), line, prng), Plan("optimal", Problem(first), line, prng), Plan("optimal", Problem(before), line, prng), Plan("optimal", problem, line, prng)];
            for (var p = 0; p < chosen.Length; p++)
                sum[p][q] += random / line.For(problem).Evaluate([.. chosen[p].DeviceOfRank.Select(DeploymentPlan.Inverse)]);
        }

        DeploymentProblem Problem(long[][] cells) => new(devices, [.. cells.Select(c => DeploymentFamilies.Model(new TrafficMatrix(8, [.. c])))]);

        // One model draws from the stream itself.
        static long[] Fresh(Prng prng, int model) => DeploymentFamilies.Find("dp-skew", "study").Draw(8, model == 0 ? prng : prng.Split(model)).Cells.ToArray();
    }

    private static DeployedModel Draw(string family, int n, Prng prng) => DeploymentFamilies.Model(DeploymentFamilies.Find(family, "study").Draw(n, prng));

    private static DeviceCost[] Equal(int n, long compute) => [.. Enumerable.Repeat(new DeviceCost(8, 8, compute), n)];

    private static TimeLine Line(string name) => TimeLines.Find(name, "study");

    private static DeploymentPlan Plan(string method, DeploymentProblem problem, TimeLine line, Prng prng) => DeploymentMethods.Find(method, line.For(problem), "study").Solve(problem, line, prng);

    private static double Value(string method, DeploymentProblem problem, TimeLine line, Prng? prng = null) => Plan(method, problem, line, prng ?? new Prng(1)).Value;

    private static double Mean(int count, Prng prng, Func<Prng, double> value) => Enumerable.Range(0, count).Average(k => value(prng.Split("mean").Split(k)));

    private static double Work(DeployedModel model, long compute) =>
        (model.Demand.Total() + ((model.GateTokens + model.AggregateTokens) * model.RankCount)) * (double)compute;

    private static double Bound(TrafficMatrix matrix) => Enumerable.Range(0, matrix.RankCount).Max(r => Math.Max(matrix.Sent(r), matrix.Received(r)));

    private static double Ordered(TrafficMatrix matrix, int[][] order)
    {
        long[] unit = [.. Enumerable.Repeat(1L, matrix.RankCount)];
        return SendOrderFlow.Finish(matrix.RankCount, matrix.Cells, unit, unit, order).ToDouble();
    }

    // The barrier time of a model on equal devices, with the exchanges timed in tokens by a rule.
    private static double BarrierTime(DeployedModel model, DeviceCost[] devices, Func<TrafficMatrix, double> exchange) =>
        ((exchange(model.Demand) + exchange(model.Demand.Transpose())) * devices[0].Send)
        + ((model.GateTokens + model.AggregateTokens + Enumerable.Range(0, model.RankCount).Max(r => model.Demand.Received(r) + model.Demand[r, r])) * devices[0].Compute);

    /// <summary>Values by row, in the order of first appearance.</summary>
    private sealed class Samples
    {
        private readonly List<(string Scenario, string What, string Published, List<double> Values)> _rows = [];

        public void Add(string scenario, string what, string published, double value)
        {
            var at = _rows.FindIndex(r => r.Scenario == scenario && r.What == what);
            if (at < 0)
            {
                at = _rows.Count;
                _rows.Add((scenario, what, published, []));
            }

            _rows[at].Values.Add(value);
        }

        public string Write()
        {
            var table = new Table("", [new("scenario", true), new("what", true), new("min"), new("mean"), new("max"), new("published", true)]);
            foreach (var (scenario, what, published, values) in _rows.OrderBy(r => _rows.FindIndex(o => o.Scenario == r.Scenario)))
                table.Add(scenario, what, ReportText.Fixed(values.Min(), 3), ReportText.Fixed(values.Average(), 3), ReportText.Fixed(values.Max(), 3), published);
            return MarkdownTable.Write(table);
        }
    }
}
