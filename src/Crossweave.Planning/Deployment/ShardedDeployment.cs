using Crossweave.Algorithms;
using Crossweave.Algorithms.Assignment;
using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>Where shards and experts of every model run.</summary>
/// <param name="DeviceOfShard">[model][shard].</param>
/// <param name="DeviceOfExpert">[model][expert].</param>
/// <param name="Devices">The models as seen by devices: rank g of each is what runs on device g.</param>
/// <param name="Value">Time of one layer of all models.</param>
/// <param name="LowerBound">No placement is faster.</param>
public sealed record ShardedPlan(IReadOnlyList<int[]> DeviceOfShard, IReadOnlyList<int[]> DeviceOfExpert, DeploymentProblem Devices, long Value, long LowerBound)
{
    public bool IsProven => Value == LowerBound;
}

/// <summary>
/// Deployment with several experts per device, or with shards and experts that move separately: experts (and shards) are first packed into
/// equal groups, groups are placed as ranks by any <see cref="IDeploymentMethod"/>, then single items are swapped between devices while
/// that helps (deployment spec 3.13: group first).
/// </summary>
/// <remarks>
/// Packing: largest first onto the least loaded group with room. Separate shards: groups of shards and of experts are joined by the
/// assignment that keeps most tokens local. Swaps: first improvement over models, then item pairs ascending and whole devices, until a
/// pass finds none; a swap is timed in O(devices^2 + items). Deterministic for a given seed.
/// </remarks>
public static class ShardedDeployment
{
    /// <exception cref="InputException">Items that do not spread evenly, or a method or time line that does not apply.</exception>
    public static ShardedPlan Solve(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, IDeploymentMethod method, TimeLine line, Prng prng)
    {
        var n = devices.Count;
        for (var m = 0; m < models.Count; m++) models[m].Check(n, $"model {m}");
        var (shards, experts) = (new int[models.Count][], new int[models.Count][]);
        for (var m = 0; m < models.Count; m++) (shards[m], experts[m]) = Group(models[m], n);
        var grouped = Seen(devices, models, shards, experts);
        var isPlain = IsPlain(models, n);
        var plan = method.Solve(grouped, line, prng);
        for (var m = 0; m < models.Count; m++)
        {
            // Fixed shards stay: their group g is device g, whatever the rank placement would like.
            if (models[m].Moves != ShardMoves.Fixed) shards[m] = Array.ConvertAll(shards[m], g => plan.DeviceOfRank[m][g]);
            experts[m] = Array.ConvertAll(experts[m], g => plan.DeviceOfRank[m][g]);
        }

        if (!isPlain) new ItemSwaps(devices, models, line, shards, experts).Improve();
        var problem = Seen(devices, models, shards, experts);
        var value = isPlain ? plan.Value : line.For(problem).Evaluate(Identity(models.Count, n));
        return new ShardedPlan(shards, experts, problem, value, isPlain ? plan.LowerBound : Math.Min(value, Lower(devices, models, line)));
    }

    /// <summary>Time of one layer with everything where it is said to be: [model][shard] and [model][expert] -> device.</summary>
    public static long Evaluate(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line, IReadOnlyList<int[]> shards, IReadOnlyList<int[]> experts) =>
        line.For(Seen(devices, models, shards, experts)).Evaluate(Identity(models.Count, devices.Count));

    /// <summary>The devices' view: one rank per device.</summary>
    private static DeploymentProblem Seen(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, IReadOnlyList<int[]> shards, IReadOnlyList<int[]> experts) =>
        new(devices, [.. models.Select((model, m) => new DeployedModel(model.Between(devices.Count, shards[m], experts[m]), model.GateTokens, model.AggregateTokens))]);

    /// <summary>The models as packed, before any placement: what methods and time lines are checked against.</summary>
    public static DeploymentProblem Devices(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models)
    {
        for (var m = 0; m < models.Count; m++) models[m].Check(devices.Count, $"model {m}");
        var groups = models.Select(m => Group(m, devices.Count)).ToList();
        return Seen(devices, models, [.. groups.Select(g => g.Shards)], [.. groups.Select(g => g.Experts)]);
    }

    /// <summary>One rank of every model per device, as <see cref="DeploymentProblem"/> has it.</summary>
    public static bool IsPlain(IReadOnlyList<ShardedModel> models, int deviceCount) => models.All(m => m.Moves == ShardMoves.Together && m.ExpertCount == deviceCount);

    /// <summary>Rank g of every model on device g.</summary>
    public static int[][] Identity(int models, int n) => [.. Enumerable.Range(0, models).Select(_ => Enumerable.Range(0, n).ToArray())];

    private static (int[] Shards, int[] Experts) Group(ShardedModel model, int n)
    {
        int[] own = [.. Enumerable.Range(0, n)];
        if (model.Moves == ShardMoves.Together && model.ExpertCount == n) return (own, [.. own]);
        var (rows, columns) = (new long[model.ShardCount], new long[model.ExpertCount]);
        for (var k = 0; k < model.Tokens.Length; k++)
        {
            rows[k / model.ExpertCount] += model.Tokens[k];
            columns[k % model.ExpertCount] += model.Tokens[k];
        }

        if (model.Moves == ShardMoves.Together)
        {
            var together = Pack([.. rows.Zip(columns, Math.Max)], n);
            return (together, [.. together]);
        }

        var shards = model.Moves == ShardMoves.Fixed ? [.. Enumerable.Range(0, model.ShardCount).Select(s => s / (model.ShardCount / n))] : Pack(rows, n);
        var experts = Pack(columns, n);
        var solver = new AssignmentSolver();
        solver.Maximize(model.Between(n, shards, experts).Transpose().Cells, n, n); // expert group -> shard group that sends it most
        var groupOf = solver.ColumnOfRow.ToArray();
        return (shards, Array.ConvertAll(experts, g => groupOf[g]));
    }

    private static int[] Pack(long[] load, int n)
    {
        var (group, count, sum) = (new int[load.Length], new int[n], new long[n]);
        foreach (var item in Enumerable.Range(0, load.Length).OrderByDescending(i => load[i]))
        {
            var best = -1;
            for (var g = 0; g < n; g++)
                if (count[g] < load.Length / n && (best < 0 || sum[g] < sum[best]))
                    best = g;
            (group[item], count[best], sum[best]) = (best, count[best] + 1, sum[best] + load[item]);
        }

        return group;
    }

    /// <summary>Average bounds: all devices together take at most T x sum of 1 / cost, and only so many tokens can be local.</summary>
    private static long Lower(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line)
    {
        var n = devices.Count;
        long[] work = [.. models.Select(m => m.Tokens.Sum())];
        long[] remote = [.. models.Select((m, k) => work[k] - MostLocal(m, n))];
        var time = line.For(Devices(devices, models));
        if (time.PairExchanges > 0 || time.Terms.Any(t => t.Parts.Length == 0)) return 0;
        Span<long> maxima = stackalloc long[time.Terms.Length];
        for (var t = 0; t < maxima.Length; t++)
        {
            foreach (var part in time.Terms[t].Parts)
            {
                var group = time.Groups[part.Group];
                var totals = group.IsWork ? work : remote;
                double sum = part.Constant * (long)n;
                for (var m = group.First; m < group.First + group.Loads.Length; m++) sum += totals[m];
                maxima[t] = Math.Max(maxima[t], (long)Math.Ceiling(sum / group.Cost.Sum(c => 1.0 / c) * (1 - 1e-12)));
            }
        }

        return time.Finish(maxima);
    }

    // An expert gets at most its largest senders' tokens locally: those of one device's shards.
    private static long MostLocal(ShardedModel model, int n)
    {
        var (local, perDevice) = (0L, model.ShardCount / n);
        for (var e = 0; e < model.ExpertCount; e++)
        {
            var from = Enumerable.Range(0, model.ShardCount).Select(s => model.Tokens[(s * model.ExpertCount) + e]).ToArray();
            local += model.Moves == ShardMoves.Fixed ? from.Chunk(perDevice).Max(c => c.Sum()) : from.OrderDescending().Take(perDevice).Sum();
        }

        return local;
    }
}
