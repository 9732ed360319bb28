using Crossweave.Core;
using Crossweave.Core.Placement;

namespace Crossweave.Planning.Placement;

/// <summary>
/// The Pareto front from a running placement: what every number of fetched experts buys. Steps rise in both and buy less and less balance
/// per fetch. O(log L) per step beside the search of every layer.
/// </summary>
public sealed class MigrationFront
{
    private readonly ExpertPlacement _running;
    private readonly List<MigrationPoint>[] _offers; // by layer
    private readonly List<int> _layerOfStep = []; // of step i + 1: the layer that takes its next offer

    private MigrationFront(PlacementProblem problem, ExpertPlacement running)
    {
        _running = running;
        var layers = problem.Load.LayerCount;
        var search = new MigrationSearch(problem.ExpertCount, problem.RankCount, problem.SlotsPerRank);
        _offers = new List<MigrationPoint>[layers];
        for (var l = 0; l < layers; l++) _offers[l] = search.Front(problem.Load.Layer(l), running.Layers[l].ExpertOfSlot);
        var next = new PriorityQueue<int, (double MinusSlope, int Layer)>();
        var at = new int[layers];
        var (balance, fetched) = (0.0, 0L);
        for (var l = 0; l < layers; l++)
        {
            balance += _offers[l][0].Balance;
            Offer(l);
        }

        var steps = new List<MigrationStep> { new(0, balance / layers) };
        while (next.TryDequeue(out var l, out _))
        {
            var (from, to) = (_offers[l][at[l]], _offers[l][++at[l]]);
            fetched += to.Fetched - from.Fetched;
            balance += to.Balance - from.Balance;
            steps.Add(new MigrationStep(fetched, balance / layers));
            _layerOfStep.Add(l);
            Offer(l);
        }

        Steps = steps;

        void Offer(int layer)
        {
            if (at[layer] + 1 < _offers[layer].Count)
                next.Enqueue(layer, (-MigrationSearch.Slope(_offers[layer][at[layer]], _offers[layer][at[layer] + 1]), layer));
        }
    }

    /// <summary>The running placement first.</summary>
    public IReadOnlyList<MigrationStep> Steps { get; }

    /// <summary>Null when nothing runs yet.</summary>
    /// <exception cref="InputException">The running placement has another shape than the problem.</exception>
    public static MigrationFront? Of(PlacementProblem problem)
    {
        problem.Validate();
        return RunningPlacement.Of(problem) is { } running ? new MigrationFront(problem, running) : null;
    }

    /// <summary>At most <paramref name="count"/> (at least 2) indices of steps, evenly spread, first and last included.</summary>
    public IEnumerable<int> Spread(int count)
    {
        var last = Steps.Count - 1;
        var shown = Math.Min(count - 1, last);
        for (var i = 0; i <= shown; i++) yield return shown == 0 ? 0 : (int)((long)i * last / shown);
    }

    /// <summary>The placement of a step; layers that do not change are those of the running one.</summary>
    public ExpertPlacement PlacementAt(int step)
    {
        var taken = new int[_offers.Length];
        for (var i = 0; i < step; i++) taken[_layerOfStep[i]]++;
        var layers = new LayerPlacement[_offers.Length];
        for (var l = 0; l < layers.Length; l++)
            layers[l] = taken[l] == 0 ? _running.Layers[l] : LayerPlacement.Even(_running.ExpertCount, _offers[l][taken[l]].ExpertOfSlot, _running.RankCount);
        return new ExpertPlacement(layers, _running.LayerIds);
    }
}
