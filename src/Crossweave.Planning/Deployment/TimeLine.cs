using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>How the time of a layer follows from a placement.</summary>
/// <param name="Name">On the command line.</param>
/// <param name="Summary">One line for --list and the docs.</param>
/// <param name="MostModels">Models it can time.</param>
/// <param name="Build">The compiled form for a problem of at most that many models.</param>
public sealed record TimeLine(string Name, string Summary, int MostModels, Func<DeploymentProblem, LayerTime> Build)
{
    /// <exception cref="InputException">More models than the time line knows.</exception>
    public LayerTime For(DeploymentProblem problem) =>
        problem.Models.Count <= MostModels
            ? Build(problem)
            : throw InputException.At("--timeline", $"'{Name}' for {problem.Models.Count} models", string.Join(" or ", TimeLines.All.Where(t => t.MostModels >= problem.Models.Count).Select(t => t.Name)));
}

/// <summary>Every time line; a new one is one line here.</summary>
public static class TimeLines
{
    /// <summary>Colocated models at most: every further one mostly waits.</summary>
    public const int MostModels = 8;

    public static readonly IReadOnlyList<TimeLine> All =
    [
        new("pg", "colocated models, compute queue per device, network barriers global (deployment spec 2.7)", MostModels, PipelinedTime.PerDevice),
        new("t2", "colocated models, every phase as long as on its slowest device (Table 2 of arXiv 2410.17043)", MostModels, PipelinedTime.Global),
        new("barrier", "one model, a barrier after every phase, ports at the PORT bound", 1, ExclusiveTime.Barrier),
        new("eq1", "one model, gate + dispatch and experts + combine each without a barrier between (Eqn 1)", 1, ExclusiveTime.Eqn1),
        new("pair-barrier", "one model, barriers, one-to-one transfers at the slower port (PAIR)", 1, ExclusiveTime.PairBarrier),
        new("port", "one dispatch of all models together at the PORT bound, no compute", MostModels, ExclusiveTime.Port),
        new("lanes", "one dispatch in lanes of one width (LANE), whole tokens, no compute", 1, ExclusiveTime.Lanes),
        new("pair", "one dispatch of one-to-one transfers (PAIR), no compute", 1, ExclusiveTime.Pair),
    ];

    /// <exception cref="InputException">Unknown name.</exception>
    public static TimeLine Find(string name, string where) =>
        All.FirstOrDefault(t => t.Name == name) ?? throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", All.Select(t => t.Name))}");
}
