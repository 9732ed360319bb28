namespace Crossweave.Planning.Deployment;

/// <summary>
/// Time lines of colocated models that take turns (deployment spec 2.6 and 2.7; Table 2 of arXiv 2410.17043). Time 0: the gate of model 0
/// just ended. Compute: gates of models 1.., then experts of 0, 1, .., then aggregations of 0, 1, .., then the gate of model 0 again. Network:
/// dispatches in order, each when its gate has ended, then combines in order, each when its experts have ended; exchanges that overlap
/// are carried together, so their time is the bound of the combined matrix. For two models this is the published table; for more the
/// same rules go on (derived: the paper stops at two, since a third mostly waits); for one it is the barrier model.
/// </summary>
internal static class PipelinedTime
{
    /// <summary>pg: a compute queue per device, only the network has global barriers.</summary>
    /// <remarks>
    /// E_F(m) = max over devices of the queue = max(all gates and f_0..f_m, E_N(i) + f_i..f_m for i up to m), each a maximum over devices;
    /// likewise the tail from the last expert over all aggregations to the gate of model 0.
    /// </remarks>
    public static LayerTime PerDevice(DeploymentProblem problem)
    {
        var (build, net, count) = (new TermBuilder(problem), new Exchanges(problem), problem.Models.Count);
        net.AddTo(build);
        var tail = Tail(problem, 0);
        var gates = net.Gates[^1];
        int[] fromZero = [.. Enumerable.Range(0, count).Select(m => build.Compute(0, m, gates))];
        var fromDispatch = new int[count, count];
        for (var m = 0; m < count; m++)
            for (var i = 0; i <= m; i++)
                fromDispatch[i, m] = build.Compute(i, m, 0);
        var wholeFromZero = build.Compute(0, count - 1, gates + tail);
        int[] wholeFromDispatch = [.. Enumerable.Range(0, count).Select(i => build.Compute(i, count - 1, tail))];
        long[] tailOf = [.. Enumerable.Range(0, count).Select(m => Tail(problem, m) * problem.LargestCompute)];
        return new LayerTime(problem, build.Groups, build.Terms, (maxima, phases) =>
        {
            Span<long> arrived = stackalloc long[count];
            Span<long> computed = stackalloc long[count];
            Span<long> returned = stackalloc long[count];
            net.Arrive(maxima, arrived);
            var end = maxima[wholeFromZero];
            for (var m = 0; m < count; m++)
            {
                computed[m] = maxima[fromZero[m]];
                for (var i = 0; i <= m; i++) computed[m] = Math.Max(computed[m], arrived[i] + maxima[fromDispatch[i, m]]);
                end = Math.Max(end, arrived[m] + maxima[wholeFromDispatch[m]]);
            }

            net.Return(maxima, arrived[^1], computed, returned);
            for (var m = 0; m < count; m++) end = Math.Max(end, returned[m] + tailOf[m]);
            if (phases is not null) net.Describe(arrived, computed, returned, end, phases);
            return end;
        });
    }

    /// <summary>t2: every compute phase lasts as long as on its slowest device.</summary>
    public static LayerTime Global(DeploymentProblem problem)
    {
        var (build, net, count, slowest) = (new TermBuilder(problem), new Exchanges(problem), problem.Models.Count, problem.LargestCompute);
        net.AddTo(build);
        int[] work = [.. Enumerable.Range(0, count).Select(m => build.Compute(m, m, 0))];
        var gates = net.Gates[^1] * slowest;
        long[] aggregate = [.. problem.Models.Select(m => m.AggregateTokens * slowest)];
        var gate = problem.Models[0].GateTokens * slowest;
        return new LayerTime(problem, build.Groups, build.Terms, (maxima, phases) =>
        {
            Span<long> arrived = stackalloc long[count];
            Span<long> computed = stackalloc long[count];
            Span<long> returned = stackalloc long[count];
            net.Arrive(maxima, arrived);
            var end = gates;
            for (var m = 0; m < count; m++) computed[m] = end = Math.Max(end, arrived[m]) + maxima[work[m]];
            net.Return(maxima, arrived[^1], computed, returned);
            for (var m = 0; m < count; m++) end = Math.Max(end, returned[m]) + aggregate[m];
            if (phases is not null) net.Describe(arrived, computed, returned, end + gate, phases);
            return end + gate;
        });
    }

    /// <summary>Tokens computed after the combine of a model has arrived: aggregations from it on, and the next gate.</summary>
    private static long Tail(DeploymentProblem problem, int model) => problem.Models.Skip(model).Sum(m => m.AggregateTokens) + problem.Models[0].GateTokens;

    /// <summary>The network side, common to both.</summary>
    private sealed class Exchanges
    {
        private readonly int _count;
        private readonly int[,] _out;
        private readonly int[,] _back;
        private readonly long _slowest;

        public Exchanges(DeploymentProblem problem)
        {
            _count = problem.Models.Count;
            (_out, _back, _slowest) = (new int[_count, _count], new int[_count, _count], problem.LargestCompute);
            Gates = new long[_count];
            for (var m = 1; m < _count; m++) Gates[m] = Gates[m - 1] + problem.Models[m].GateTokens;
        }

        /// <summary>Gate tokens of models 1..m.</summary>
        public long[] Gates { get; }

        public void AddTo(TermBuilder build)
        {
            for (var i = 0; i < _count; i++)
                for (var m = i; m < _count; m++)
                    (_out[i, m], _back[i, m]) = (build.Wire(i, m, returns: false), build.Wire(i, m, returns: true));
        }

        /// <summary>E_N of every model: whatever dispatch i.. waits for its gate, it has to be carried after it.</summary>
        public void Arrive(ReadOnlySpan<long> maxima, Span<long> arrived)
        {
            for (var m = 0; m < _count; m++)
            {
                arrived[m] = 0;
                for (var i = 0; i <= m; i++) arrived[m] = Math.Max(arrived[m], (Gates[i] * _slowest) + maxima[_out[i, m]]);
            }
        }

        /// <summary>E_C of every model: a combine starts after its experts and after the last dispatch.</summary>
        public void Return(ReadOnlySpan<long> maxima, long lastArrival, ReadOnlySpan<long> computed, Span<long> returned)
        {
            for (var m = 0; m < _count; m++)
            {
                returned[m] = 0;
                for (var i = 0; i <= m; i++) returned[m] = Math.Max(returned[m], Math.Max(lastArrival, computed[i]) + maxima[_back[i, m]]);
            }
        }

        /// <summary>The phases in model order; a start is when all the tokens are there, devices that are still busy start later.</summary>
        public void Describe(ReadOnlySpan<long> arrived, ReadOnlySpan<long> computed, ReadOnlySpan<long> returned, long end, List<LayerPhase> phases)
        {
            for (var m = 0; m < _count; m++)
            {
                phases.Add(new LayerPhase(m, "dispatch", Gates[m] * _slowest, arrived[m]));
                phases.Add(new LayerPhase(m, "experts", arrived[m], computed[m]));
                phases.Add(new LayerPhase(m, "combine", Math.Max(arrived[^1], computed[m]), returned[m]));
            }

            phases.Add(new LayerPhase(_count - 1, "aggregation and next gate", returned[^1], end));
        }
    }
}
