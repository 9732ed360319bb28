using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Algorithms.Flow;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;
using Crossweave.Planning.Deployment;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>
/// One exchange without circuits: senders that keep an order while receivers share (deployment spec 2.8), exact, beside what no order beats.
/// Times are in units of the port costs.
/// </summary>
internal static class SendOrders
{
    public static (TrafficMatrix Demand, long[] Costs) ReadInstance(ParseResult parsed, string path, string? name, Option<string?> matrix, PortCosts costs)
    {
        if (parsed.GetValue(matrix) is not null || parsed.GetValue(costs.Option) is not null) throw InputException.At("--instance", "it beside --matrix or --port-costs", "one or the other");
        return DeploymentInstance.ReadExchange(path, name);
    }

    public static void Write(Terminal terminal, string? json, TrafficMatrix demand, long[]? costs, Prng prng)
    {
        long[] wire = costs ?? [.. Enumerable.Repeat(1L, demand.RankCount)];
        var problem = new DeploymentProblem([.. wire.Select(c => new DeviceCost(c, c, 0))], [new DeployedModel(demand, 0, 0)]);
        int[][] listed = [[.. Enumerable.Range(0, wire.Length)]];
        var bounds = new[] { "port", "pair", "lanes" }.Select(b => (Name: b, Time: TimeLines.Find(b, "--send-orders").For(problem).Evaluate(listed))).ToList();
        var cells = demand.Cells.ToArray();
        (string Name, int[][] Order)[] orders =
        [
            ("sjf", SendOrderFlow.ShortestFirst(wire.Length, cells)), ("ljf", SendOrderFlow.LongestFirst(wire.Length, cells)),
            ("ring", SendOrderFlow.Ring(wire.Length)), ("random", SendOrderFlow.Random(wire.Length, prng.Split("send order"))),
        ];
        var times = orders.Select(o => (o.Name, Time: SendOrderFlow.Finish(wire.Length, cells, wire, wire, o.Order))).ToList();
        var output = new JsonOutput().BeginObject();
        foreach (var (name, time) in bounds) output.Key(name).Value(time);
        foreach (var (name, time) in times) output.Key(name).Value(time.ToString());
        if (!terminal.WriteJsonText(json, output.End().ToString())) return;
        var table = new Table("One exchange, no circuits", [new("order", true), new("time"), new("/ PORT")]);
        foreach (var (name, time) in bounds) table.Add($"bound {name.ToUpperInvariant()}", ReportText.Count(time), Ratio(time, bounds[0].Time));
        foreach (var (name, time) in times) table.Add(name, ReportText.Fixed(time.ToDouble(), 2), Ratio(time.ToDouble(), bounds[0].Time));
        terminal.Write(table);
    }

    private static string Ratio(double time, long port) => port == 0 ? "–" : ReportText.Fixed(time / port, 3);
}
