using Crossweave.Core;
using Crossweave.Core.Layers;
using Crossweave.Simulation.Layer;

namespace Crossweave.Simulation;

/// <summary>Every layer simulator; a new one is one file and one line here.</summary>
public static class LayerEvaluators
{
    /// <summary>With local rows in a launch of their own and the full timeline.</summary>
    public static readonly IReadOnlyList<ILayerEvaluator> All = Create(new EvaluatorOptions());

    /// <summary>All simulators with other options, in the same order.</summary>
    public static IReadOnlyList<ILayerEvaluator> Create(EvaluatorOptions options) =>
        [new NoOverlapBarrier(options), new NoOverlapAsync(options), new OverlapBarrier(options), new OverlapAsync(options)];

    /// <exception cref="InputException">Unknown name.</exception>
    public static ILayerEvaluator Find(string name, string where, EvaluatorOptions? options = null)
    {
        var all = options is null ? All : Create(options);
        return all.FirstOrDefault(e => e.Name == name) ??
            throw InputException.At(where, $"'{name}'", $"one of {string.Join(", ", all.Select(e => e.Name))}");
    }
}
