using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Formats.Routing;
using Crossweave.Core.Placement;
using Crossweave.Core.Routing;
using Crossweave.Planning.Locality;
using Crossweave.Reporting;
using Crossweave.Reporting.Tables;

namespace Crossweave.Cli.Verbs;

/// <summary>Pair counts as input of <c>place</c>, and what a placement does to them.</summary>
internal sealed class PairOptions
{
    private readonly Option<string?> _pairs = new("--pairs") { Description = "Pair counts instead of --loads: a pickled array or .npy [layers, experts, experts], or one matrix as CSV.", HelpName = "FILE" };

    private readonly Option<int> _topK = new("--top-k") { Description = "With --pairs: experts per token.", DefaultValueFactory = _ => 2, HelpName = "K" };

    public void AddTo(Command command)
    {
        command.Options.Add(_pairs);
        command.Options.Add(_topK);
    }

    public int TopK(ParseResult parsed) => parsed.GetValue(_topK);

    /// <summary>Null when no such file is named.</summary>
    /// <param name="parsed">Command line.</param>
    /// <param name="hasOther">True when loads or tokens are named.</param>
    public PairCounts? Read(ParseResult parsed, bool hasOther)
    {
        var path = parsed.GetValue(_pairs);
        if (path is null && parsed.GetResult(_topK) is { Implicit: false }) throw InputException.At("--top-k", "it without --pairs", "--pairs beside it");
        if (path is null) return null;
        if (hasOther) throw InputException.At("--pairs", "also --loads or --trace", "one of the three");
        VerbText.InRange(TopK(parsed), 2, 1024, "--top-k");
        return PairCountFile.Read(path);
    }

    /// <summary>Per layer; null without pair counts.</summary>
    /// <exception cref="InputException">Redundant slots: which replica a pair meets on cannot be told from counts.</exception>
    public static PairLayer[]? Judge(ExpertPlacement placement, IReadOnlyList<CopyBound>? bounds, PlacementProblem problem, int topK)
    {
        if (problem.Pairs is not { } pairs) return null;
        if (problem.SlotCount != problem.ExpertCount) throw InputException.At("--pairs", $"{problem.SlotCount} slots for {problem.ExpertCount} experts", "one slot per expert: pair counts do not say which replica a token meets");
        return [.. placement.Layers.Select((layer, l) =>
        {
            var rankOf = Enumerable.Range(0, layer.ExpertCount).Select(e => layer.RankOfSlot[layer.SlotsOfExpert(e)[0]]).ToArray();
            var intra = pairs.IntraFraction(l, rankOf);
            var (least, most) = PairCounts.DistinctRanks(topK, intra);
            return new PairLayer(intra, least, most, bounds?[l].IsProven == true);
        })];
    }

    public static void Print(Terminal terminal, PlacementProblem problem, IReadOnlyList<(string Name, PairLayer[] Layers)> results)
    {
        var isExact = results.All(r => r.Layers.All(l => l.LeastDistinctRanks.Equals(l.MostDistinctRanks)));
        var table = new Table(
            isExact ? "On the pairs planned on, mean over layers" : "On the pairs planned on, mean over layers; beyond top-2 pairs give bounds only",
            [new("planner", true), new("intra fraction"), .. isExact ? (Column[])[new("distinctRanksPerToken")] : [new("at least"), new("at most")], new("proven layers")]);
        foreach (var (name, layers) in results)
            table.Add([name, .. Cells(layers, $"{layers.Count(l => l.Proven)} of {layers.Length}")]);
        terminal.Write(table);
        if (results.Count > 1) return;
        var single = new Table("Layers", [new("layer"), new("intra fraction"), .. isExact ? (Column[])[new("distinctRanksPerToken")] : [new("at least"), new("at most")], new("proven")]);
        for (var l = 0; l < results[0].Layers.Length; l++)
            single.Add([$"{problem.Load.LayerIds[l]}", .. Cells([results[0].Layers[l]], results[0].Layers[l].Proven ? "yes" : "no")]);
        terminal.Write(single);

        Cell[] Cells(PairLayer[] layers, string proven)
        {
            var (least, most) = (ReportText.Fixed(layers.Average(l => l.LeastDistinctRanks), 4), ReportText.Fixed(layers.Average(l => l.MostDistinctRanks), 4));
            return [ReportText.Fixed(layers.Average(l => l.IntraFraction), 4), .. isExact ? (Cell[])[most] : [least, most], proven];
        }
    }
}
