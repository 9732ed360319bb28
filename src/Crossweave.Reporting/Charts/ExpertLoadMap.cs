using Crossweave.Reporting.Svg;

namespace Crossweave.Reporting.Charts;

/// <summary>Layers x experts, each relative to the mean expert of its layer, so that layers compare.</summary>
public static class ExpertLoadMap
{
    /// <param name="load">[layer][expert] tokens.</param>
    /// <param name="layerIds">Model layer numbers, one per row.</param>
    public static SvgImage Draw(IReadOnlyList<long[]> load, IReadOnlyList<int> layerIds)
    {
        var values = new double[load.Count][];
        for (var l = 0; l < load.Count; l++)
        {
            var mean = load[l].Length == 0 ? 0 : load[l].Average(v => (double)v);
            values[l] = Array.ConvertAll(load[l], v => mean > 0 ? v / mean : 0);
        }

        return new HeatMap
        {
            Title = "Expert load per layer",
            Values = values,
            RowName = "layer",
            ColumnName = "expert",
            RowLabels = [.. layerIds.Select(id => ReportText.Fixed(id, 0))],
            Unit = "× mean of its layer",
        }.Render();
    }
}
