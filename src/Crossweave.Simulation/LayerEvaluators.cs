using Crossweave.Core.Layers;

namespace Crossweave.Simulation;

/// <summary>Every layer simulator; a new one is one file and one line here.</summary>
public static class LayerEvaluators
{
    public static readonly IReadOnlyList<ILayerEvaluator> All = [];
}
