using Crossweave.Algorithms;
using Crossweave.Cli.Verbs;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Models;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Studies;

/// <summary>Recordings against routing that a fitted recipe generates.</summary>
internal sealed class FitStudy : IStudy
{
    public string Key => "fits";

    public string Section(JsonInput entry, StudyContext context)
    {
        entry.AllowOnly("traces", "model");
        var (traces, model, progress) = (context.Traces(entry), entry["model"].Text(), context.Progress);
        var description = ModelPresets.Load(model);
        using var real = TraceOptions.OpenTrace(traces, null, new ImportOptions(description.ExpertCount));
        var prng = new Prng(1);
        var parameters = SyntheticFit.Fit(real, prng.Split("fit"), new FitOptions { Groups = description.GroupCount, GroupTopK = description.GroupTopK }, progress);
        using var synthetic = SyntheticRouting.Generate(parameters, prng.Split("synth"), progress: progress);
        return $"\n## {model}: {string.Join(" + ", traces.Select(Path.GetFileName))} ({real.TokenCount} tokens, {real.LayerCount} layers)\n\n"
            + MarkdownTable.Write(SynthVerb.ComparisonTable(SyntheticComparison.Compare(real, synthetic)));
    }
}
