using System.Globalization;
using System.Text;
using Crossweave.Core.IO;
using Crossweave.Core.Placement;

namespace Crossweave.Core.Formats.Placements;

/// <summary>
/// TensorRT-LLM's load balancer configuration (balancing spec 7.4): <c>num_slots</c>, <c>initial_global_assignments</c> by model
/// layer number, <c>layer_updates_per_iter</c>. Slots of a rank are consecutive. A whole server configuration that holds it under
/// <c>moe_config.load_balancer</c> is read too; its other settings are skipped. Written as a static placement (0 updates).
/// </summary>
public sealed class TensorRtLlmFormat : IPlacementFormat
{
    public string Name => "tensorrt-llm";

    public string Summary => "load balancer YAML; name it in moe_config.load_balancer of the --extra_llm_api_options file";

    public string DefaultFileName => "placement.tensorrt-llm.yaml";

    public void Write(ExpertPlacement placement, string path)
    {
        var slots = PlacementRows.RequireEven(placement, "TensorRT-LLM");
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"num_slots: {slots}\ninitial_global_assignments:\n");
        for (var l = 0; l < placement.Layers.Count; l++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {placement.LayerIds[l]}: [");
            text.AppendJoin(", ", placement.Layers[l].ExpertOfSlot).Append("]\n");
        }

        AtomicFile.WriteAllText(path, text.Append("layer_updates_per_iter: 0\n").ToString());
    }

    public ExpertPlacement Read(string path, PlacementReadOptions options)
    {
        var section = YamlInput.Open(path);
        if (section.Find("moe_config") is { } moe)
        {
            section = moe["load_balancer"];
            if (section.IsScalar) throw section.Wrong("the load balancer itself (this is the name of another file: read that one)");
        }

        section.AllowOnly("num_slots", "initial_global_assignments", "layer_updates_per_iter");
        var slots = section["num_slots"].Int32(1);
        section.Find("layer_updates_per_iter")?.Int32(0);
        var layers = section["initial_global_assignments"].Members();
        if (layers.Count == 0) throw section["initial_global_assignments"].Wrong("at least one layer");
        var rows = layers.Select(l => l.Value.Int32List()).ToArray();
        for (var l = 0; l < rows.Length; l++)
            if (rows[l].Length != slots)
                throw layers[l].Value.Wrong($"num_slots = {slots} expert ids");
        var ids = layers.Select(l => l.Key.Int32(0)).ToArray();
        return PlacementRows.Build(path, rows, PlacementRows.RequireRanks(path, options), options.ExpertCount, options.LayerIds ?? ids);
    }
}
