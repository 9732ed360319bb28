using Crossweave.Algorithms;
using Crossweave.Reporting.Charts;
using Crossweave.Reporting.Inspections;

namespace Crossweave.Reporting.Tests;

internal static class SyntheticTrace
{
    public static InspectView Build(ulong seed = 1, int layerCount = 26, int expertCount = 64)
    {
        var prng = new Prng(seed);
        double Near(double at, double spread) => at + (spread * (prng.NextDouble() - 0.5));
        var ratio = new double[expertCount][];
        for (var a = 0; a < expertCount; a++)
        {
            ratio[a] = new double[expertCount];
            for (var b = 0; b < a; b++)
            {
                ratio[a][b] = Math.Exp(((a / 8 == b / 8 ? 0.9 : -0.15) + (0.35 * prng.NextNormal())) * 0.7);
                ratio[b][a] = ratio[a][b];
            }

            ratio[a][a] = double.NaN;
        }

        return new InspectView
        {
            TraceName = "translation.ids.npy",
            Tokens = 8_251,
            TopK = 6,
            LayerIds = [.. Enumerable.Range(1, layerCount)],
            Load = SyntheticPlan.Load(layerCount, expertCount, prng.Split("load")),
            Layers = [.. Enumerable.Range(0, layerCount).Select(_ => new InspectLayer(Near(5, 2), Near(2.3, 0.8), Near(0.5, 0.2), Near(0.4, 0.1), Near(0.6, 0.2)))],
            DistinctRanks =
            [
                new DistinctRanksView(8, [.. Enumerable.Range(0, layerCount).Select(_ => Near(4.3, 0.3))], 4.54),
                new DistinctRanksView(16, [.. Enumerable.Range(0, layerCount).Select(_ => Near(5.0, 0.3))], 5.2),
            ],
            CoActivation = new CoActivationView(7, ratio),
            Drift = [new ChartSeries("mean over layers", [.. Enumerable.Range(0, 12).Select(i => 0.1 + (0.02 * i) + (0.03 * prng.NextDouble()))])],
            DriftWindows = [.. Enumerable.Range(0, 12).Select(i => $"{i}")],
        };
    }
}
