using System.CommandLine;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Models;
using Crossweave.Core.Routing;

namespace Crossweave.Cli.Verbs;

/// <summary>The main job on the shipped sample; opens nothing.</summary>
internal static class DemoVerb
{
    private static readonly Cluster Cluster = new() { Ranks = 8, Nodes = 2, Fabric = "circuit-switch", ReconfigurationDelay = "10ns" };

    public static Command Create(Terminal terminal)
    {
        var options = new PlanOptions(PlanOptions.DefaultPlanners, PlanOptions.DefaultSchedulers, PlanOptions.DefaultEvaluators, Cluster, redundant: 8);
        var command = new Command("demo", "The main job on the shipped sample (synthetic routing, samples/README.md): tables here, report.html in --out (default crossweave-demo).");
        options.AddTo(command);
        options.Out.DefaultValueFactory = _ => "crossweave-demo";
        command.SetAction(parsed =>
        {
            var model = options.Model(parsed) ?? ModelPresets.Find("deepseek-v2-lite");
            var sample = Path.Combine(AppContext.BaseDirectory, "samples", "routing.ids.npy");
            using var trace = Importers.Open(sample, "npy", new ImportOptions(model.ExpertCount)).Trace!;
            return PlanRunner.Run(terminal, options, parsed, trace, "routing.ids.npy (synthetic sample)", model, "demo", []);
        });
        return command;
    }
}
