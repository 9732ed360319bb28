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
/// pass finds none; a swap is timed in O(devices^2 + items). The methods that search start again from the packed groups as they are and from
/// blocks as listed: other basins for the swaps.
/// Deterministic for a given seed.
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
        (int[][] Shards, int[][] Experts) packed = ([.. shards], [.. experts]);
        for (var m = 0; m < models.Count; m++)
        {
            // Fixed shards stay: their group g is device g, whatever the rank placement would like.
            if (models[m].Moves != ShardMoves.Fixed) shards[m] = Array.ConvertAll(shards[m], g => plan.DeviceOfRank[m][g]);
            experts[m] = Array.ConvertAll(experts[m], g => plan.DeviceOfRank[m][g]);
        }

        if (!isPlain) new ItemSwaps(devices, models, line, shards, experts).Improve();
        if (!isPlain && method is OptimalMethod)
        {
            foreach (var (otherShards, otherExperts) in new[] { Copy(packed), AsListed(models, n) })
            {
                new ItemSwaps(devices, models, line, otherShards, otherExperts).Improve();
                if (Evaluate(devices, models, line, otherShards, otherExperts) < Evaluate(devices, models, line, shards, experts)) (shards, experts) = (otherShards, otherExperts);
            }
        }

        var problem = Seen(devices, models, shards, experts);
        var value = isPlain ? plan.Value : line.For(problem).Evaluate(Identity(models.Count, n));
        return new ShardedPlan(shards, experts, problem, value, isPlain ? plan.LowerBound : Math.Min(value, Lower(devices, models, line)));
    }

    // Blocks in the order given, as serving systems start.
    private static (int[][] Shards, int[][] Experts) AsListed(IReadOnlyList<ShardedModel> models, int n) =>
        ([.. models.Select(m => Enumerable.Range(0, m.ShardCount).Select(s => s / (m.ShardCount / n)).ToArray())],
            [.. models.Select(m => Enumerable.Range(0, m.ExpertCount).Select(e => e / (m.ExpertCount / n)).ToArray())]);

    private static (int[][] Shards, int[][] Experts) Copy((int[][] Shards, int[][] Experts) of) =>
        ([.. of.Shards.Select(s => (int[])s.Clone())], [.. of.Experts.Select(e => (int[])e.Clone())]);

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

    /// <summary>
    /// The q slowest devices hold at least the q x (experts per device) smallest experts and take T x sum of 1 / cost in time T; an expert gets
    /// only so many tokens locally. Shards that stay send at least what the experts beside them, whichever they are, do not take.
    /// </summary>
    private static long Lower(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line)
    {
        var n = devices.Count;
        long[][] work = [.. models.Select(m => Prefix(Received(m), n))];
        long[][] remote = [.. models.Select(m => Prefix([.. Received(m).Zip(MostLocal(m, n), (all, local) => all - local)], n))];
        long[][] sent = [.. models.Select(m => LeastSent(m, n))];
        var time = line.For(Devices(devices, models));
        if (time.PairExchanges > 0 || time.Terms.Any(t => t.Parts.Length == 0)) return 0;
        Span<long> maxima = stackalloc long[time.Terms.Length];
        for (var t = 0; t < maxima.Length; t++)
        {
            foreach (var part in time.Terms[t].Parts)
            {
                var group = time.Groups[part.Group];
                var (own, range) = (time.Problem.Models, Enumerable.Range(group.First, group.Loads.Length));
                var isSent = range.All(m => ReferenceEquals(group.Loads[m - group.First], own[m].Sent));
                var isPort = range.All(m => ReferenceEquals(group.Loads[m - group.First], own[m].Port));
                var slowest = group.Cost.OrderDescending().ToArray();
                var speed = 0.0;
                for (var q = 1; q <= n; q++)
                {
                    speed += 1.0 / slowest[q - 1];
                    if (isSent && q < n) continue; // how many tokens leave is known for all devices together
                    double sum = (part.Constant * (long)q) + range.Sum(m => (group.IsWork ? work : remote)[m][q - 1]);
                    maxima[t] = Math.Max(maxima[t], (long)Math.Ceiling(sum / speed * (1 - 1e-12)));
                }

                if (!isSent && !isPort) continue;
                for (var g = 0; g < n; g++) maxima[t] = Math.Max(maxima[t], (range.Sum(m => sent[m][g]) + part.Constant) * group.Cost[g]);
            }
        }

        return time.Finish(maxima);
    }

    // [expert].
    private static long[] Received(ShardedModel model)
    {
        var received = new long[model.ExpertCount];
        for (var k = 0; k < model.Tokens.Length; k++) received[k % model.ExpertCount] += model.Tokens[k];
        return received;
    }

    // [q - 1]: tokens of the q x items per device smallest.
    private static long[] Prefix(long[] items, int n)
    {
        Array.Sort(items);
        return [.. Enumerable.Range(1, n).Select(q => items.Take(q * (items.Length / n)).Sum())];
    }

    // [device]: what shards that stay have to send.
    private static long[] LeastSent(ShardedModel model, int n)
    {
        var sent = new long[n];
        if (model.Moves != ShardMoves.Fixed) return sent;
        var (shards, experts) = (model.ShardCount / n, model.ExpertCount / n);
        for (var g = 0; g < n; g++)
        {
            var to = new long[model.ExpertCount];
            for (var k = g * shards * model.ExpertCount; k < (g + 1) * shards * model.ExpertCount; k++) to[k % model.ExpertCount] += model.Tokens[k];
            sent[g] = to.Order().SkipLast(experts).Sum();
        }

        return sent;
    }

    // An expert gets at most its largest senders' tokens locally: those of one device's shards.
    private static long[] MostLocal(ShardedModel model, int n)
    {
        var (local, perDevice) = (new long[model.ExpertCount], model.ShardCount / n);
        for (var e = 0; e < model.ExpertCount; e++)
        {
            var from = Enumerable.Range(0, model.ShardCount).Select(s => model.Tokens[(s * model.ExpertCount) + e]).ToArray();
            local[e] = model.Moves == ShardMoves.Fixed ? from.Chunk(perDevice).Max(c => c.Sum()) : from.OrderDescending().Take(perDevice).Sum();
        }

        return local;
    }
}
