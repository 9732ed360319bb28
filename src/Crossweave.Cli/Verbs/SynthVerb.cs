using System.CommandLine;
using Crossweave.Algorithms;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Routing;
using Crossweave.Core.Routing.Synthetic;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Realistic routing from a recipe, and a recipe from real routing.</summary>
internal static class SynthVerb
{
    public static Command Create(Terminal terminal)
    {
        var recipe = new Argument<string?>("recipe") { Description = "Recipe (JSON; keys in docs/formats.md) to generate from.", Arity = ArgumentArity.ZeroOrOne, HelpName = "RECIPE.json" };
        var fit = new Option<string[]>("--fit") { Description = "Estimate a recipe from a recording (several files are joined) and compare both.", AllowMultipleArgumentsPerToken = true, HelpName = "TRACE" };
        var model = new Option<string?>("--model") { Description = "Preset or config.json of the recording: experts and groups.", HelpName = "M" };
        var tokens = new Option<int?>("--tokens") { Description = "Generate this many tokens instead of the recipe's.", HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Write X.ids.npy, X.sequences.csv (and X.weights_e4.npy).", HelpName = "X" };
        var recipeOut = new Option<string?>("--recipe-out") { Description = "Write the fitted recipe.", HelpName = "RECIPE.json" };
        var json = CommonOptions.Json();
        var seed = CommonOptions.Seed();
        var command = new Command("synth", "Generate realistic routing from a recipe, or fit a recipe to a recording.") { recipe, fit, model, tokens, output, recipeOut, json, seed };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(output) is { } folder && Path.GetFileName(folder).Length == 0) throw InputException.At("--out", $"the folder '{folder}'", "a folder and the beginning of the file names");
            var prng = new Prng(parsed.GetValue(seed));
            var files = parsed.GetValue(fit) ?? [];
            using var progress = TerminalProgress.ForStandardError();
            if (files.Length == 0 == parsed.GetValue(recipe) is null) throw InputException.At("synth", "no or two sources", "either a RECIPE.json or --fit TRACE");
            var description = parsed.GetValue(model) is { } m ? Core.Models.ModelPresets.Load(m) : null;
            using var real = files.Length == 0 ? null : TraceOptions.OpenTrace(files, null, new ImportOptions(description?.ExpertCount));
            var parameters = real is null
                ? SyntheticParameters.Read(parsed.GetValue(recipe)!)
                : SyntheticFit.Fit(real, prng.Split("fit"), new FitOptions { Groups = description?.GroupCount ?? 1, GroupTopK = description?.GroupTopK ?? 1 }, progress);
            if (parsed.GetValue(tokens) is { } count) parameters = parameters with { Tokens = VerbText.InRange(count, 1, int.MaxValue, "--tokens") };
            parameters.Validate("synth");
            if (parsed.GetValue(recipeOut) is { } recipePath) parameters.Write(recipePath);
            using var synthetic = SyntheticRouting.Generate(parameters, prng.Split("synth"), progress: progress);
            if (parsed.GetValue(output) is { } prefix) NpyTraceWriter.Write(synthetic, prefix, progress);
            var rows = real is null ? [] : SyntheticComparison.Compare(real, synthetic);
            if (terminal.WriteJsonText(parsed.GetValue(json), ToJson(synthetic, rows))) Print(terminal, synthetic, rows, parsed.GetValue(output));
            return CommandLine.Done;
        });
        return command;
    }

    private static void Print(Terminal terminal, SyntheticTrace trace, IReadOnlyList<ComparisonRow> rows, string? prefix)
    {
        terminal.Out.WriteLine(
            $"{trace.TokenCount} tokens in {trace.Sequences.Count} sequences, {trace.LayerCount} layers, {trace.ExpertCount} experts, top-{trace.TopK}{(prefix is null ? "" : $"; written to {prefix}.ids.npy")}");
        if (rows.Count > 0) terminal.Write(ComparisonTable(rows));
    }

    /// <summary>Recorded beside synthetic, one row per statistic.</summary>
    internal static Table ComparisonTable(IReadOnlyList<ComparisonRow> rows)
    {
        var table = new Table("Recorded against synthetic routing",
        [
            new("statistic", true), new("fitted", true), new("recorded"), new("synthetic"), new("of means"), new("mean over layers"), new("worst layer"), new("which"),
        ]);
        foreach (var r in rows)
            table.Add(r.Statistic, r.IsFitted ? "yes" : "no", ReportText.Fixed(r.Real, 3), ReportText.Fixed(r.Synthetic, 3), ReportText.Percent(r.DifferenceOfMeans), ReportText.Percent(r.MeanDifference),
                ReportText.Percent(r.WorstDifference), $"{r.WorstLayer}");
        return table;
    }

    private static string ToJson(SyntheticTrace trace, IReadOnlyList<ComparisonRow> rows)
    {
        var json = new JsonOutput().BeginObject().Key("tokens").Value(trace.TokenCount).Key("layers").Value(trace.LayerCount).Key("experts").Value(trace.ExpertCount)
            .Key("topK").Value(trace.TopK).Key("sequences").Value(trace.Sequences.Count).Key("comparison").BeginArray();
        foreach (var r in rows)
        {
            json.BeginObject().Key("statistic").Value(r.Statistic).Key("isFitted").Value(r.IsFitted).Key("recorded").Value(r.Real).Key("synthetic").Value(r.Synthetic)
                .Key("differenceOfMeans").Value(r.DifferenceOfMeans).Key("meanDifference").Value(r.MeanDifference).Key("worstDifference").Value(r.WorstDifference).Key("worstLayer").Value(r.WorstLayer).End();
        }

        return json.End().End().ToString();
    }
}
