using System.Numerics;
using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>Time lines of one model alone on its devices (deployment spec 2.5): weighted sums of maxima over devices.</summary>
internal static class ExclusiveTime
{
    private const long LongestSlot = 1L << 40;

    /// <summary>Gtok K + dispatch + max f k + combine + Atok K: the pipelined time line of one model.</summary>
    public static LayerTime Barrier(DeploymentProblem problem) => PipelinedTime.Global(problem);

    /// <summary>max(Gtok k + dispatch) + max(f k + combine) + Atok K, the maxima over devices; slightly optimistic.</summary>
    public static LayerTime Eqn1(DeploymentProblem problem)
    {
        var (build, model) = (new TermBuilder(problem), problem.Models[0]);
        int[] terms =
        [
            build.Table(Table(problem, (d, i) => (model.GateTokens * d.Compute) + Math.Max(model.Sent[i] * d.Send, model.Received[i] * d.Receive))),
            build.Table(Table(problem, (d, i) => (model.Work[i] * d.Compute) + Math.Max(model.Received[i] * d.Send, model.Sent[i] * d.Receive))),
        ];
        return Sum(problem, build, terms, model.AggregateTokens * problem.LargestCompute);
    }

    /// <summary>Gtok K + max f k + Atok K and both exchanges at PAIR.</summary>
    public static LayerTime PairBarrier(DeploymentProblem problem)
    {
        var (build, model) = (new TermBuilder(problem), problem.Models[0]);
        return Sum(problem, build, [build.Compute(0, 0, 0)], (model.GateTokens + model.AggregateTokens) * problem.LargestCompute, pairExchanges: 2);
    }

    public static LayerTime Port(DeploymentProblem problem)
    {
        var build = new TermBuilder(problem);
        return Sum(problem, build, [build.Wire(0, problem.Models.Count - 1, returns: false)], 0);
    }

    /// <summary>
    /// Whole tokens on lanes (deployment spec 3.4): in a slot of the least common multiple S of all costs, a port of cost c carries S / c tokens, so
    /// its load takes ceil(load x c / S) slots.
    /// </summary>
    public static LayerTime Lanes(DeploymentProblem problem)
    {
        BigInteger slot = 1;
        foreach (var cost in problem.Devices.SelectMany(d => new[] { d.Send, d.Receive })) slot *= cost / BigInteger.GreatestCommonDivisor(slot, cost);
        if (slot > LongestSlot) throw InputException.At("--timeline lanes", $"costs with the common multiple {slot}", $"one of at most {LongestSlot}");
        var (build, model, length) = (new TermBuilder(problem), problem.Models[0], (long)slot);
        return Sum(problem, build, [build.Table(Table(problem, (d, i) => Math.Max(Slots(model.Sent[i] * d.Send), Slots(model.Received[i] * d.Receive)) * length))], 0);

        long Slots(long time) => (time + length - 1) / length;
    }

    public static LayerTime Pair(DeploymentProblem problem) => Sum(problem, new TermBuilder(problem), [], 0, pairExchanges: 1);

    // terms may name one maximum twice (symmetric ports: dispatch and combine), which then counts twice.
    private static LayerTime Sum(DeploymentProblem problem, TermBuilder build, int[] terms, long constant, int pairExchanges = 0)
    {
        var weights = new long[build.Terms.Length];
        foreach (var t in terms) weights[t]++;
        return new LayerTime(problem, build.Groups, build.Terms, (maxima, _) =>
        {
            var sum = constant;
            for (var t = 0; t < weights.Length; t++) sum += weights[t] * maxima[t];
            return sum;
        }, pairExchanges);
    }

    private static long[] Table(DeploymentProblem problem, Func<DeviceCost, int, long> value)
    {
        var n = problem.DeviceCount;
        var table = new long[n * n];
        for (var k = 0; k < table.Length; k++) table[k] = value(problem.Devices[k % n], k / n);
        return table;
    }
}
