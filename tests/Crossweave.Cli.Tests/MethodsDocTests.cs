using System.Text;
using Crossweave.Core.Compute;
using Crossweave.Core.Fabrics;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Models;
using Crossweave.Core.Traffic;
using Crossweave.Planning;
using Crossweave.Planning.Deployment;
using Crossweave.Reporting.Tables;
using Crossweave.Simulation;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>docs/methods.md is written from the lists of methods; CROSSWEAVE_UPDATE_README=1 rewrites it.</summary>
public sealed class MethodsDocTests
{
    [Fact]
    public void The_table_of_methods_is_what_the_lists_say()
    {
        var text = new StringBuilder("# Registered methods\n\nWritten from the lists of methods by a test; do not edit.\n");
        Add(text, "Placement planners", Planners.All.Select(p => (p.Name, p.Summary)));
        Add(text, "Schedulers", Schedulers.All.Select(s => (s.Name, s.Summary)));
        Add(text, "Deployment of several models on devices", DeploymentMethods.All.Select(m => (m.Name, $"{m.Summary}; {m.Kinds}")));
        Add(text, "Time lines of a deployment", TimeLines.All.Select(t => (t.Name, t.Summary)));
        Add(text, "Layer evaluators", LayerEvaluators.All.Select(e => (e.Name, e.Summary)));
        Add(text, "Layer planners", LayerPlanners.All.Select(p => (p.Name, p.Summary)));
        Add(text, "Fabrics", FabricKinds.All.Select(f => (f.Name, f.Summary)));
        Add(text, "Recorded routing", Importers.All.Select(i => (i.Name, i.Summary)));
        Add(text, "Placement files", PlacementFormats.All.Select(f => (f.Name, f.Summary)));
        Add(text, "Source ranks", SourceRanks.All.Select(r => (r.Name, r.Summary)));
        Add(text, "Choice among replicas", ReplicaRules.All.Select(r => (r.Name, r.Summary)));
        Add(text, "Compute profiles", ComputeProfiles.All.Select(f => (f.Syntax, f.Summary)));
        Add(text, "Models", ModelPresets.All.Select(m => (m.Name, $"{m.ExpertCount} experts of {m.HiddenSize} x {m.ExpertSize}, top-{m.TopK}, {m.LayerCount} MoE layers")));
        var path = Path.Combine(SharedData.RepositoryRoot, "docs", "methods.md");
        if (Environment.GetEnvironmentVariable("CROSSWEAVE_UPDATE_README") is not null) File.WriteAllText(path, text.ToString());
        Assert.Equal(text.ToString(), File.ReadAllText(path));
    }

    private static void Add(StringBuilder text, string title, IEnumerable<(string Name, string Summary)> rows)
    {
        var table = new Table("", [new("name", true), new("what", true)]);
        foreach (var (name, summary) in rows) table.Add($"`{name}`", summary);
        text.Append($"\n## {title}\n\n").Append(MarkdownTable.Write(table));
    }
}
