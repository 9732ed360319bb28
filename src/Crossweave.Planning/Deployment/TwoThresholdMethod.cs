using Crossweave.Algorithms;
using Crossweave.Algorithms.Matching;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// Exact where placing is a plain assignment (deployment spec 3.6): one model on any devices (rows: ranks, columns: devices), or two models
/// on equal devices (rows: ranks of a, columns: ranks of b). The time line is a non-decreasing function of a few maxima of tables, which
/// <see cref="BottleneckTradeoff"/> minimises. Polynomial: at most n^2 Pareto points of two bottleneck matchings each.
/// </summary>
/// <remarks>
/// That the second case is polynomial for compute queues too (pg) is derived: on equal devices every maximum over one model is a constant,
/// and the joint ones are the port load and, up to constants, the joint expert load. Ports that send and receive at different speeds
/// add a table and a factor of n^2. Not for PAIR, where the cost of a rank depends on all others.
/// </remarks>
public sealed class TwoThresholdMethod : IDeploymentMethod
{
    public string Name => "two-threshold";

    public string Summary => "thresholds on the port time, bottleneck matching on the rest; the optimum in polynomial time";

    public string Kinds => "one model, or two on equal devices; not PAIR";

    public bool AppliesTo(LayerTime time) => CanSolve(time);

    public DeploymentPlan Solve(DeploymentProblem problem, TimeLine line, Prng prng) => Solve(line.For(problem));

    internal static bool CanSolve(LayerTime time) =>
        time.PairExchanges == 0 && (time.Problem.Models.Count == 1 || (time.Problem.Models.Count == 2 && time.Problem.HasEqualDevices));

    internal static DeploymentPlan Solve(LayerTime time)
    {
        var n = time.Problem.DeviceCount;
        var (tables, tableOf, constantOf) = Tables(time);
        var columnOfRow = new int[n];
        BottleneckTradeoff.Solve(tables, n, maxima =>
        {
            Span<long> terms = stackalloc long[tableOf.Length];
            for (var t = 0; t < terms.Length; t++) terms[t] = (tableOf[t] < 0 ? 0 : maxima[tableOf[t]]) + constantOf[t];
            return time.Finish(terms);
        }, columnOfRow);
        int[][] rankOfDevice = time.Problem.Models.Count == 1 ? [DeploymentPlan.Inverse(columnOfRow)] : [[.. Enumerable.Range(0, n)], columnOfRow];
        var value = time.Evaluate(rankOfDevice);
        return new DeploymentPlan([.. rankOfDevice.Select(DeploymentPlan.Inverse)], value, value);
    }

    // Terms whose tables differ by a constant share one; a term that depends on rows or columns alone is a constant (table -1).
    private static (List<long[]> Tables, int[] TableOf, long[] ConstantOf) Tables(LayerTime time)
    {
        var (tables, tableOf, constantOf) = (new List<long[]>(), new int[time.Terms.Length], new long[time.Terms.Length]);
        for (var t = 0; t < tableOf.Length; t++)
        {
            var table = time.TableOf(t);
            var n = time.Problem.DeviceCount;
            if (time.Problem.Models.Count == 2 && (IsRowConstant(table, n) || IsColumnConstant(table, n)))
            {
                (tableOf[t], constantOf[t]) = (-1, table.Max());
                continue;
            }

            tableOf[t] = tables.FindIndex(known => DifferByConstant(table, known));
            if (tableOf[t] >= 0)
            {
                constantOf[t] = table[0] - tables[tableOf[t]][0];
                continue;
            }

            tableOf[t] = tables.Count;
            tables.Add(table);
        }

        if (tables.Count == 0) tables.Add(new long[time.Problem.DeviceCount * time.Problem.DeviceCount]);
        return (tables, tableOf, constantOf);
    }

    private static bool DifferByConstant(long[] a, long[] b)
    {
        for (var k = 1; k < a.Length; k++)
            if (a[k] - b[k] != a[0] - b[0])
                return false;
        return true;
    }

    private static bool IsRowConstant(long[] table, int n) => Enumerable.Range(0, table.Length).All(k => table[k] == table[k / n * n]);

    private static bool IsColumnConstant(long[] table, int n) => Enumerable.Range(0, table.Length).All(k => table[k] == table[k % n]);
}
