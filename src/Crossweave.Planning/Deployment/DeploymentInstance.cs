using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// One instance in the layout of the deployment golden set (deployment spec 5.1): <c>D</c>, or <c>Da</c> and <c>Db</c> (or <c>Dc</c> and so
/// on), <c>comm_cost</c> and <c>ffn_cost</c> (one number per device, or one for all), <c>gate_tokens</c> and <c>agg_tokens</c> (one number, or
/// one per model). Expected values and other keys beside them are not read. An instance without any key of compute is an exchange alone (kinds
/// a and e): no compute, and without <c>comm_cost</c> (kind a) every token takes one time unit.
/// </summary>
public static class DeploymentInstance
{
    private static readonly string[] Compute = ["ffn_cost", "gate_tokens", "agg_tokens"];
    private static readonly string[] Matrices = ["D", .. Enumerable.Range('a', TimeLines.MostModels).Select(c => $"D{(char)c}")];

    /// <param name="path">A file with one instance, a list of instances, or groups of lists under <c>instances</c>.</param>
    /// <param name="name">The <c>id</c> wanted; null when the file holds one.</param>
    /// <exception cref="InputException">Not such a file, no such instance, or a value out of range.</exception>
    public static DeploymentProblem Read(string path, string? name)
    {
        using var file = JsonInput.Open(path);
        var found = new List<(string? Id, JsonInput Instance)>();
        Collect(file.Root, found);
        if (name is not null)
        {
            var named = found.FindAll(f => f.Id == name);
            return named.Count == 1 ? Problem(named[0].Instance) : throw InputException.At("--name", $"'{name}'{(named.Count == 0 ? "" : $" {named.Count} times in {path}")}", $"one of the {found.Count} instances of {path}{Some(found)}");
        }

        return found.Count == 1 ? Problem(found[0].Instance) : throw InputException.At(path, $"{found.Count} instances", found.Count == 0 ? "one with the key \"D\", or \"Da\" and \"Db\"" : $"--name with one of them{Some(found)}");
    }

    /// <summary>The one matrix of an instance and the wire time of a token on every port.</summary>
    /// <exception cref="InputException">As <see cref="Read"/>, or several models.</exception>
    public static (TrafficMatrix Demand, long[] Costs) ReadExchange(string path, string? name)
    {
        var problem = Read(path, name);
        return problem.Models.Count == 1
            ? (problem.Models[0].Demand, problem.SendCosts())
            : throw InputException.At(path, $"{problem.Models.Count} models", "one matrix \"D\"");
    }

    private static string Some(List<(string? Id, JsonInput Instance)> found) =>
        found.Count == 0 ? "" : $" ({string.Join(", ", found.Take(8).Select(f => f.Id ?? "unnamed"))}{(found.Count > 8 ? ", ..." : "")})";

    private static void Collect(JsonInput value, List<(string? Id, JsonInput Instance)> found)
    {
        if (value.IsArray)
        {
            foreach (var item in value.Items()) Collect(item, found);
        }
        else if (value.IsObject && (value.Find("D") ?? value.Find("Da")) is not null)
        {
            found.Add((value.Find("id")?.Text(), value));
        }
        else if (value.IsObject && value.Find("instances") is { } groups)
        {
            if (groups.IsObject) foreach (var (_, group) in groups.Members()) Collect(group, found);
            else Collect(groups, found);
            if (value.Find("counterexamples") is { IsObject: true } examples)
                foreach (var (name, example) in examples.Members())
                    if (example.IsObject && example.Find("D") is not null)
                        found.Add((name, example));
        }
    }

    private static DeploymentProblem Problem(JsonInput instance)
    {
        var matrices = Matrices.Where(k => instance.Find(k) is not null).Select(k => instance[k]).ToList();
        if (matrices.Count > 1 && instance.Find("D") is { } single) throw single.Wrong("it alone (one model), or \"Da\", \"Db\", ... (several)");
        var n = matrices[0].Length;
        if (instance.Find("n") is { } count && count.Int64() != n) throw count.Wrong($"the {n} rows of {matrices[0].Where}");
        var isExchange = Compute.All(k => instance.Find(k) is null);
        var wire = isExchange && instance.Find("comm_cost") is null ? [.. Enumerable.Repeat(1L, n)] : PerDevice(instance["comm_cost"], n, 1);
        var compute = isExchange ? new long[n] : PerDevice(instance["ffn_cost"], n, 0);
        var gate = isExchange ? new long[matrices.Count] : PerModel(instance["gate_tokens"], matrices.Count);
        var aggregate = isExchange ? new long[matrices.Count] : PerModel(instance["agg_tokens"], matrices.Count);
        return new DeploymentProblem(
            [.. wire.Zip(compute, (c, k) => new DeviceCost(c, c, k))],
            [.. matrices.Select((matrix, m) => new DeployedModel(Traffic(matrix, n), gate[m], aggregate[m]))],
            instance.Where);
    }

    private static TrafficMatrix Traffic(JsonInput rows, int n)
    {
        var cells = new long[n * n];
        if (rows.Length != n || n == 0) throw rows.Wrong(n == 0 ? "at least one row" : $"{n} rows");
        foreach (var (i, row) in rows.Items().Index())
        {
            var values = row.Int64List();
            if (values.Length != n) throw row.Wrong($"{n} numbers");
            values.CopyTo(cells, i * n);
        }

        return new TrafficMatrix(n, cells);
    }

    private static long[] PerDevice(JsonInput value, int n, long least)
    {
        if (!value.IsArray) return [.. Enumerable.Repeat(value.Int64(least), n)];
        return value.Length == n ? [.. value.Items().Select(v => v.Int64(least))] : throw value.Wrong($"one number per device ({n}), or one for all");
    }

    private static long[] PerModel(JsonInput value, int models)
    {
        if (!value.IsArray) return [.. Enumerable.Repeat(value.Int64(), models)];
        return value.Length == models ? [.. value.Items().Select(v => v.Int64())] : throw value.Wrong($"one number per model ({models}), or one for all");
    }
}
