using System.Text;
using Crossweave.Core;

namespace Crossweave.Planning.Deployment;

/// <summary>
/// The placement as a mixed-integer program in CPLEX LP text (deployment spec 3.12), for any number of models and devices under t2 or pg: an
/// external solver can check an optimum of ours with it. Booleans <c>x{model}_{rank}_{device}</c>, all else continuous and not negative; the
/// objective <c>T</c> is the time of a layer. Written from the rules of spec 2.6, not from the compiled time lines, so that it is a second opinion.
/// </summary>
/// <remarks>models x n^2 booleans; O(models^2 n) rows of models x n terms. Do not trust one solver's status (spec 3.12).</remarks>
public static class DeploymentMilp
{
    private const int TermsPerLine = 8; // LP readers limit the length of a line

    /// <exception cref="InputException">A time line other than t2 and pg.</exception>
    public static string Write(DeploymentProblem problem, TimeLine line, string where)
    {
        if (line.Name is not ("t2" or "pg")) throw InputException.At(where, $"it with --timeline {line.Name}", "--timeline t2 or pg");
        var (text, models, n, slowest) = (new LpText(), problem.Models, problem.DeviceCount, problem.LargestCompute);
        var gates = models.Select((_, m) => models.Skip(1).Take(m).Sum(x => x.GateTokens)).ToArray(); // of models 1..m
        for (var m = 0; m < models.Count; m++)
        {
            for (var i = 0; i < n; i++)
            {
                text.Row("=", 1, Enumerable.Range(0, n).Select(g => (1L, X(m, i, g))));
                text.Row("=", 1, Enumerable.Range(0, n).Select(g => (1L, X(m, g, i))));
            }

            // Exchanges i..m together, dispatched and combined.
            for (var i = 0; i <= m; i++)
            {
                for (var g = 0; g < n; g++)
                {
                    var device = problem.Devices[g];
                    foreach (var (port, sent, cost) in new[] { ("out", true, device.Send), ("out", false, device.Receive), ("back", false, device.Send), ("back", true, device.Receive) })
                        text.Row(">=", 0, [(1, $"{port}{i}_{m}"), .. Enumerable.Range(i, m - i + 1).SelectMany(k => Load(k, g, sent ? models[k].Sent : models[k].Received, -cost))]);
                }
            }

            for (var i = 0; i <= m; i++)
            {
                text.Row(">=", gates[i] * slowest, [(1, $"arrived{m}"), (-1, $"out{i}_{m}")]);
                text.Row(">=", 0, [(1, $"returned{m}"), (-1, $"computed{i}"), (-1, $"back{i}_{m}")]);
                text.Row(">=", 0, [(1, $"returned{m}"), (-1, $"arrived{models.Count - 1}"), (-1, $"back{i}_{m}")]);
            }
        }

        if (line.Name == "t2") Global();
        else PerDevice();
        return text.Finish(Enumerable.Range(0, models.Count).SelectMany(m => Enumerable.Range(0, n * n).Select(k => X(m, k / n, k % n))));

        void Global()
        {
            for (var m = 0; m < models.Count; m++)
            {
                for (var g = 0; g < n; g++) text.Row(">=", 0, [(1, $"work{m}"), .. Load(m, g, models[m].Work, -problem.Devices[g].Compute)]);
                if (m == 0) text.Row(">=", gates[^1] * slowest, [(1, "computed0"), (-1, "work0")]);
                else text.Row(">=", 0, [(1, $"computed{m}"), (-1, $"computed{m - 1}"), (-1, $"work{m}")]);
                text.Row(">=", 0, [(1, $"computed{m}"), (-1, $"arrived{m}"), (-1, $"work{m}")]);
                var before = m == 0 ? $"computed{models.Count - 1}" : $"aggregated{m - 1}";
                foreach (var start in new[] { before, $"returned{m}" }) text.Row(">=", models[m].AggregateTokens * slowest, [(1, $"aggregated{m}"), (-1, start)]);
            }

            text.Row(">=", models[0].GateTokens * slowest, [(1, "T"), (-1, $"aggregated{models.Count - 1}")]);
        }

        void PerDevice()
        {
            for (var g = 0; g < n; g++)
            {
                var cost = problem.Devices[g].Compute;
                for (var m = 0; m < models.Count; m++)
                {
                    if (m == 0) text.Row(">=", gates[^1] * cost, [(1, $"computed0_{g}"), .. Load(0, g, models[0].Work, -cost)]);
                    else text.Row(">=", 0, [(1, $"computed{m}_{g}"), (-1, $"computed{m - 1}_{g}"), .. Load(m, g, models[m].Work, -cost)]);
                    text.Row(">=", 0, [(1, $"computed{m}_{g}"), (-1, $"arrived{m}"), .. Load(m, g, models[m].Work, -cost)]);
                    text.Row(">=", 0, [(1, $"computed{m}"), (-1, $"computed{m}_{g}")]);
                    var before = m == 0 ? $"computed{models.Count - 1}_{g}" : $"aggregated{m - 1}_{g}";
                    foreach (var start in new[] { before, $"returned{m}" }) text.Row(">=", models[m].AggregateTokens * cost, [(1, $"aggregated{m}_{g}"), (-1, start)]);
                }

                text.Row(">=", models[0].GateTokens * cost, [(1, "T"), (-1, $"aggregated{models.Count - 1}_{g}")]);
            }
        }

        IEnumerable<(long, string)> Load(int model, int device, long[] load, long factor) =>
            Enumerable.Range(0, n).Where(i => load[i] != 0).Select(i => (factor * load[i], X(model, i, device)));
    }

    private static string X(int model, int rank, int device) => $"x{model}_{rank}_{device}";

    private sealed class LpText
    {
        private readonly StringBuilder _text = new("\\ Placement of ranks on devices; x{model}_{rank}_{device} = 1: the rank runs there.\nMinimize\n obj: T\nSubject To\n");
        private int _rows;

        public void Row(string sign, long right, IEnumerable<(long Factor, string Name)> terms)
        {
            _text.Append(" r").Append(_rows++).Append(':');
            foreach (var (index, (factor, name)) in terms.Where(t => t.Factor != 0).Index())
            {
                if (index > 0 && index % TermsPerLine == 0) _text.Append("\n  ");
                _text.Append(factor < 0 ? " - " : " + ").Append(Math.Abs(factor)).Append(' ').Append(name);
            }

            _text.Append(' ').Append(sign).Append(' ').Append(right).Append('\n');
        }

        public string Finish(IEnumerable<string> binaries)
        {
            _text.Append("Binary\n");
            foreach (var name in binaries) _text.Append(' ').Append(name).Append('\n');
            return _text.Append("End\n").ToString();
        }
    }
}
