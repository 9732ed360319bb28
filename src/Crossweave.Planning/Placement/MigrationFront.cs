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
    private readonly int[] _slotsOfRank;
    private readonly List<MigrationPoint>[] _offers; // by layer
    private readonly List<int> _layerOfStep = []; // of step i + 1: the layer that takes its next offer

    private MigrationFront(PlacementProblem problem, ExpertPlacement running)
    {
        _running = running;
        var layers = problem.Load.LayerCount;
        var (nodes, groups) = EplbShape.Levels(problem.ExpertCount, problem.RankCount, problem.NodeCount, problem.GroupCount);
        _slotsOfRank = problem.SlotsOfRank();
        var search = new MigrationSearch(problem.ExpertCount, _slotsOfRank, nodes, groups);
        _offers = new List<MigrationPoint>[layers];
        for (var l = 0; l < layers; l++) _offers[l] = search.Front(problem.Load.Layer(l), running.Layers[l].Slots(_slotsOfRank));
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
        Ceiling = _offers.Average(offers => offers[0].Ceiling);

        void Offer(int layer)
        {
            if (at[layer] + 1 < _offers[layer].Count)
                next.Enqueue(layer, (-MigrationSearch.Slope(_offers[layer][at[layer]], _offers[layer][at[layer] + 1]), layer));
        }
    }

    /// <summary>The most that the balance can be while groups stay on the nodes that hold them (mean over layers); 1 without such a rule.</summary>
    public double Ceiling { get; }

    /// <summary>The running placement first (or what it becomes without any fetch).</summary>
    public IReadOnlyList<MigrationStep> Steps { get; }

    /// <summary>Null when nothing runs yet.</summary>
    /// <exception cref="InputException">The running placement has another shape than the problem.</exception>
    public static MigrationFront? Of(PlacementProblem problem)
    {
        problem.Validate(unevenSlots: true);
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
        {
            var slots = _offers[l][taken[l]].ExpertOfSlot;
            layers[l] = slots.AsSpan().SequenceEqual(_running.Layers[l].Slots(_slotsOfRank)) ? _running.Layers[l] : LayerPlacement.OfRanks(_running.ExpertCount, slots, _slotsOfRank);
        }

        return new ExpertPlacement(layers, _running.LayerIds);
    }
}
