using System.CommandLine;
using Crossweave.Core;
using Crossweave.Core.Formats.Placements;
using Crossweave.Core.Placement;
using Crossweave.Planning.Placement;

namespace Crossweave.Cli.Verbs;

/// <summary>The running placement and what may be changed of it; shared by place and plan.</summary>
internal sealed class PreviousOptions
{
    private readonly Option<string?> _previous = new("--previous") { Description = "The running placement (written by 'place --out', 'place --json', 'plan' or 'import'): planners that limit migration start from it, fetched experts are counted from it, and experts that stay on a rank keep their slots.", HelpName = "P.json" };
    private readonly Option<long?> _maxMoves = new("--max-moves") { Description = "With --previous: at most this many experts fetched, all layers together; the best balance within it.", HelpName = "N" };
    private readonly Option<double?> _balance = new("--balance") { Description = $"With --previous: balancedness that is enough, with the fewest fetches. Default: {IncrementalPlanner.DefaultBalance} without --max-moves.", HelpName = "B" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _previous, _maxMoves, _balance }) command.Options.Add(option);
    }

    public bool IsGiven(ParseResult parsed) => parsed.GetValue(_previous) is not null;

    /// <summary>The file's placement; null when none is given.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="rankCount">Ranks that the file must have.</param>
    /// <param name="expertCount">Experts that the file must have.</param>
    public ExpertPlacement? Read(ParseResult parsed, int rankCount, int expertCount)
    {
        var (maxMoves, balance) = (MaxMoves(parsed), WantedBalance(parsed));
        if (maxMoves is < 0) throw InputException.At("--max-moves", $"{maxMoves}", "0 or more");
        if (balance is not (null or (> 0 and <= 1))) throw InputException.At("--balance", $"{balance}", "a number above 0 and at most 1");
        if (parsed.GetValue(_previous) is { } path) return PlacementFormats.Find("crossweave", "--previous").Read(path, new PlacementReadOptions(rankCount, expertCount));
        if (maxMoves is not null || balance is not null) throw InputException.At(maxMoves is null ? "--balance" : "--max-moves", "no --previous", "the running placement");
        return null;
    }

    public long? MaxMoves(ParseResult parsed) => parsed.GetValue(_maxMoves);

    public double? WantedBalance(ParseResult parsed) => parsed.GetValue(_balance);

    /// <summary>The problem with the running placement; any shape that does not fit is refused before a planner runs.</summary>
    public PlacementProblem AddTo(PlacementProblem problem, ParseResult parsed)
    {
        if (Read(parsed, problem.RankCount, problem.ExpertCount) is not { } running) return problem;
        problem = problem with { Previous = running, MaxMoves = MaxMoves(parsed), WantedBalance = WantedBalance(parsed) };
        RunningPlacement.Of(problem);
        return problem;
    }
}
