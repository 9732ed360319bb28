namespace Crossweave.Planning.Deployment;

/// <summary>
/// First-improvement swaps of two experts, two shards, two shard-expert pairs that move together, or all of a model on two devices. The loads that a
/// compiled time line reads are kept up to date in place, so a swap costs O(shards + experts + devices) and one evaluation.
/// </summary>
internal sealed class ItemSwaps
{
    private readonly IReadOnlyList<ShardedModel> _models;
    private readonly int[][] _shards;
    private readonly int[][] _experts;
    private readonly int _devices;
    private readonly long[][] _between; // [model][device x device]
    private readonly DeploymentProblem _problem;
    private readonly LayerTime? _time; // null: the time line tabulates its terms, so it is compiled anew for every swap
    private readonly TimeLine _line;
    private readonly int[][] _identity;

    public ItemSwaps(IReadOnlyList<DeviceCost> devices, IReadOnlyList<ShardedModel> models, TimeLine line, int[][] shards, int[][] experts)
    {
        (_models, _shards, _experts, _devices, _line) = (models, shards, experts, devices.Count, line);
        _between = [.. models.Select((m, k) => m.Between(_devices, shards[k], experts[k]).Cells.ToArray())];
        _problem = new DeploymentProblem(devices, [.. models.Select((m, k) => new DeployedModel(new Core.Traffic.TrafficMatrix(_devices, _between[k]), m.GateTokens, m.AggregateTokens))]);
        _identity = ShardedDeployment.Identity(models.Count, _devices);
        var time = line.For(_problem);
        _time = time.PairExchanges == 0 && time.Terms.All(t => t.Table is null) ? time : null;
    }

    public void Improve()
    {
        var best = Evaluate();
        for (var improved = true; improved;)
        {
            improved = false;
            for (var m = 0; m < _models.Count; m++)
            {
                improved |= Pass(m, _experts[m], moveExperts: true, moveShards: _models[m].Moves == ShardMoves.Together, ref best);
                if (_models[m].Moves != ShardMoves.Fixed) improved |= WholeDevices(m, ref best);
                if (_models[m].Moves == ShardMoves.Free) improved |= Pass(m, _shards[m], moveExperts: false, moveShards: true, ref best);
            }
        }
    }

    private bool Pass(int model, int[] place, bool moveExperts, bool moveShards, ref long best)
    {
        var improved = false;
        for (var x = 0; x < place.Length; x++)
        {
            for (var y = x + 1; y < place.Length; y++)
            {
                if (place[x] == place[y]) continue;
                Swap(model, x, y, moveExperts, moveShards);
                if (Evaluate() is var value && value < best) (best, improved) = (value, true);
                else Swap(model, x, y, moveExperts, moveShards);
            }
        }

        return improved;
    }

    // Everything of a model on two devices changes places.
    private bool WholeDevices(int model, ref long best)
    {
        var improved = false;
        for (var g = 0; g < _devices; g++)
        {
            for (var h = g + 1; h < _devices; h++)
            {
                Exchange(model, g, h);
                if (Evaluate() is var value && value < best) (best, improved) = (value, true);
                else Exchange(model, g, h);
            }
        }

        return improved;
    }

    private void Exchange(int model, int g, int h)
    {
        for (var e = 0; e < _experts[model].Length; e++)
            if (_experts[model][e] is var at && (at == g || at == h))
                MoveExpert(model, e, at, at == g ? h : g);
        for (var s = 0; s < _shards[model].Length; s++)
            if (_shards[model][s] is var at && (at == g || at == h))
                MoveShard(model, s, at, at == g ? h : g);
        Refresh(model);
    }

    private void Swap(int model, int x, int y, bool moveExperts, bool moveShards)
    {
        if (moveExperts)
        {
            var (from, to) = (_experts[model][x], _experts[model][y]);
            MoveExpert(model, x, from, to);
            MoveExpert(model, y, to, from);
        }

        if (moveShards)
        {
            var (from, to) = (_shards[model][x], _shards[model][y]);
            MoveShard(model, x, from, to);
            MoveShard(model, y, to, from);
        }

        Refresh(model);
    }

    private void MoveExpert(int model, int expert, int from, int to)
    {
        var (traffic, between) = (_models[model], _between[model]);
        for (var s = 0; s < traffic.ShardCount; s++)
        {
            var tokens = traffic.Tokens[(s * traffic.ExpertCount) + expert];
            between[(_shards[model][s] * _devices) + from] -= tokens;
            between[(_shards[model][s] * _devices) + to] += tokens;
        }

        _experts[model][expert] = to;
    }

    private void MoveShard(int model, int shard, int from, int to)
    {
        var (traffic, between) = (_models[model], _between[model]);
        for (var e = 0; e < traffic.ExpertCount; e++)
        {
            var tokens = traffic.Tokens[(shard * traffic.ExpertCount) + e];
            between[(from * _devices) + _experts[model][e]] -= tokens;
            between[(to * _devices) + _experts[model][e]] += tokens;
        }

        _shards[model][shard] = to;
    }

    private void Refresh(int model)
    {
        var (loads, between) = (_problem.Models[model], _between[model]);
        for (var g = 0; g < _devices; g++)
        {
            var (sent, received) = (0L, 0L);
            for (var h = 0; h < _devices; h++) (sent, received) = (sent + between[(g * _devices) + h], received + between[(h * _devices) + g]);
            var local = between[(g * _devices) + g];
            (loads.Sent[g], loads.Received[g], loads.Work[g]) = (sent - local, received - local, received);
            loads.Port[g] = Math.Max(loads.Sent[g], loads.Received[g]);
        }
    }

    private long Evaluate() => (_time ?? _line.For(_problem)).Evaluate(_identity);
}
