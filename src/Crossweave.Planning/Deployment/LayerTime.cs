namespace Crossweave.Planning.Deployment;

/// <summary>Loads of ranks that meet one cost: (sum over models of load[rank]) x cost[device].</summary>
/// <param name="First">First model of the sum; the loads are of models First, First + 1, ...</param>
/// <param name="Loads">[model - First][rank] in tokens.</param>
/// <param name="Cost">[device] in time units per token.</param>
/// <param name="IsWork">Tokens of the experts; else of a port.</param>
internal sealed record LoadGroup(int First, long[][] Loads, long[] Cost, bool IsWork)
{
    public long Sum(ReadOnlySpan<int> ranks)
    {
        var sum = 0L;
        for (var m = 0; m < Loads.Length; m++) sum += Loads[m][ranks[First + m]];
        return sum;
    }
}

/// <summary>(sum of a group + constant tokens) x cost.</summary>
internal readonly record struct TermPart(int Group, long Constant);

/// <summary>
/// A maximum over devices that a time line is made of: the largest of its parts, or of a table [rank x device] of the only model when the
/// value of a device is no product.
/// </summary>
internal sealed record LayerTerm(TermPart[] Parts, long[]? Table = null);

/// <summary>From the maxima of all terms to the time of the layer, non-decreasing in every one; on request also the phases on the way.</summary>
internal delegate long FinishRule(ReadOnlySpan<long> maxima, List<LayerPhase>? phases);

/// <summary>One phase of one model in a steady-state layer.</summary>
/// <param name="Model">Index.</param>
/// <param name="Name">dispatch, experts, combine or layer.</param>
/// <param name="Start">Not before.</param>
/// <param name="End">On the last device.</param>
public readonly record struct LayerPhase(int Model, string Name, long Start, long End);

/// <summary>
/// A time line compiled for one problem. Every time line of deployment spec 2.5 and 2.7 is a non-decreasing function of a few maxima over
/// devices, and each device's part of a maximum depends on the ranks there alone (max-plus algebra: the queue of device g adds only its own
/// terms to the barriers). That is what makes bounds, swaps and branching the same code for all of them.
/// </summary>
public sealed class LayerTime
{
    private readonly FinishRule _finish;

    internal LayerTime(DeploymentProblem problem, LoadGroup[] groups, LayerTerm[] terms, FinishRule finish, int pairExchanges = 0)
    {
        (Problem, Groups, Terms, _finish, PairExchanges) = (problem, groups, terms, finish, pairExchanges);
    }

    public DeploymentProblem Problem { get; }

    internal LoadGroup[] Groups { get; }

    internal LayerTerm[] Terms { get; }

    /// <summary>Exchanges charged at the PAIR bound (0, 1 or 2), which depends on all ranks at once and is added to the rest.</summary>
    internal int PairExchanges { get; }

    /// <summary>Time of one layer of all models, in the problem's units. O(terms x n), with PAIR O(n^2).</summary>
    /// <param name="rankOfDevice">[model][device]: permutations.</param>
    public long Evaluate(IReadOnlyList<int[]> rankOfDevice) => Evaluate(rankOfDevice, null);

    /// <summary>The phases of a placement in time units; none for time lines without (eq1, PAIR).</summary>
    public IReadOnlyList<LayerPhase> Phases(IReadOnlyList<int[]> rankOfDevice)
    {
        var phases = new List<LayerPhase>();
        Evaluate(rankOfDevice, phases);
        return phases;
    }

    private long Evaluate(IReadOnlyList<int[]> rankOfDevice, List<LayerPhase>? phases)
    {
        Span<long> maxima = stackalloc long[Terms.Length];
        Maxima(rankOfDevice, maxima);
        return _finish(maxima, phases) + PairTime(rankOfDevice);
    }

    /// <summary>The largest value of every term.</summary>
    internal void Maxima(IReadOnlyList<int[]> rankOfDevice, Span<long> maxima)
    {
        Span<int> ranks = stackalloc int[rankOfDevice.Count];
        maxima.Clear();
        for (var g = 0; g < Problem.DeviceCount; g++)
        {
            for (var m = 0; m < ranks.Length; m++) ranks[m] = rankOfDevice[m][g];
            for (var t = 0; t < maxima.Length; t++) maxima[t] = Math.Max(maxima[t], At(t, g, ranks));
        }
    }

    internal long Finish(ReadOnlySpan<long> maxima) => _finish(maxima, null);

    /// <summary>Value of a term on one device.</summary>
    internal long At(int term, int device, ReadOnlySpan<int> ranks)
    {
        var (parts, table) = (Terms[term].Parts, Terms[term].Table);
        if (table is not null) return table[(ranks[0] * Problem.DeviceCount) + device];
        var value = 0L;
        foreach (var part in parts)
        {
            var group = Groups[part.Group];
            value = Math.Max(value, (group.Sum(ranks) + part.Constant) * group.Cost[device]);
        }

        return value;
    }

    /// <summary>
    /// One model: [rank x device] values of a term. Several: [rank of the term's first model x rank of its next] on device 0.
    /// </summary>
    internal long[] TableOf(int term)
    {
        var n = Problem.DeviceCount;
        var table = new long[n * n];
        var ranks = new int[Problem.Models.Count];
        var first = Terms[term].Parts is [var part, ..] ? Groups[part.Group].First : 0;
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < n; k++)
            {
                ranks[first] = i;
                if (first + 1 < ranks.Length) ranks[first + 1] = k;
                table[(i * n) + k] = At(term, ranks.Length == 1 ? k : 0, ranks);
            }
        }

        return table;
    }

    /// <summary>PAIR of dispatch, and of combine when both are charged: one-to-one transfers at the slower of the two ports (deployment spec 2.4).</summary>
    internal long PairTime(IReadOnlyList<int[]> rankOfDevice) => PairExchanges switch
    {
        0 => 0,
        1 => Pair(rankOfDevice[0], returns: false),
        _ => Pair(rankOfDevice[0], returns: false) + Pair(rankOfDevice[0], returns: true),
    };

    // With only some devices filled (rank -1 = none yet) a lower bound: a token to or from elsewhere takes at least the own port's time.
    private long Pair(int[] rankOfDevice, bool returns)
    {
        var (model, devices, largest) = (Problem.Models[0], Problem.Devices, 0L);
        var demand = model.Demand;
        for (var g = 0; g < devices.Count; g++)
        {
            if (rankOfDevice[g] < 0) continue;
            var i = rankOfDevice[g];
            var sent = (returns ? model.Received[i] : model.Sent[i]) * devices[g].Send;
            var received = (returns ? model.Sent[i] : model.Received[i]) * devices[g].Receive;
            for (var h = 0; h < devices.Count; h++)
            {
                if (h == g || rankOfDevice[h] < 0) continue;
                var j = rankOfDevice[h];
                sent += (returns ? demand[j, i] : demand[i, j]) * Math.Max(0, devices[h].Receive - devices[g].Send);
                received += (returns ? demand[i, j] : demand[j, i]) * Math.Max(0, devices[h].Send - devices[g].Receive);
            }

            largest = Math.Max(largest, Math.Max(sent, received));
        }

        return largest;
    }
}
