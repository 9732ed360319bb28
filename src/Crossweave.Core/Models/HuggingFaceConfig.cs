using System.Text.Json;
using Crossweave.Core.Formats.Documents;

namespace Crossweave.Core.Models;

/// <summary>
/// Reads the config.json of an MoE model as Hugging Face publishes it. Families spell the same fact differently; every fact has
/// one list of spellings here, first match wins. Keys without a meaning for the all-to-all are ignored, a fact that is needed and
/// missing is one clear line. Multimodal files keep the language model in a nested object, which is looked up.
/// </summary>
public static class HuggingFaceConfig
{
    private static readonly string[] Nested = ["text_config", "language_config", "llm_config", "thinker_config"];
    private static readonly string[] ExpertKeys = ["num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"];
    private static readonly string[] TopKKeys =
        ["num_experts_per_tok", "num_experts_per_token", "experts_per_token", "moe_topk", "moe_top_k", "moe_k", "top_k_experts", "num_selected_experts"];

    private static readonly string[] HiddenKeys = ["hidden_size", "d_model"];
    private static readonly string[] ExpertSizeKeys = ["moe_intermediate_size", "expert_ffn_hidden_size", "intermediate_size", "ffn_hidden_size", "d_ff"];
    private static readonly string[] SharedCountKeys = ["n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts"];
    private static readonly string[] SharedSizeKeys =
        ["shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size"];

    /// <exception cref="InputException">Not readable, not JSON, or not the description of an MoE model.</exception>
    public static ModelDescription Read(string path) => Parse(InputFile.ReadText(path), path);

    /// <param name="json">The whole file.</param>
    /// <param name="where">File name, named in errors and used as the model's name when the file has none.</param>
    /// <exception cref="InputException">Not JSON, or not the description of an MoE model.</exception>
    public static ModelDescription Parse(string json, string where)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException e)
        {
            throw new InputException($"{where}: line {(e.LineNumber ?? 0) + 1}: not JSON: {JsonInput.Reason(e)}", e);
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw InputException.At(where, $"a JSON {document.RootElement.ValueKind}", "an object, the config.json of a model");
            return Describe(new ConfigReader(LanguageModel(document.RootElement), where), Name(document.RootElement, where));
        }
    }

    private static ModelDescription Describe(ConfigReader config, string name)
    {
        var experts = config.Need("the number of experts", 1, ExpertKeys);
        var isSwitch = config.Has("num_sparse_encoder_layers");
        var topK = isSwitch ? config.Optional(TopKKeys) ?? 1 : config.Need("the number of experts per token", 1, TopKKeys);
        if (topK > experts) throw InputException.At(config.Where, $"{topK} experts per token", $"at most the {experts} experts");
        var expertSize = config.Need("the intermediate size of one expert", 1, ExpertSizeKeys);
        var (first, count) = isSwitch ? SwitchLayers(config) : MoeLayers(config);
        if (count == 0) throw InputException.At(config.Where, "no MoE layer", "a model with at least one MoE layer");
        var (groups, groupTopK) = Groups(config, experts);
        return new ModelDescription(
            name, config.Need("the hidden size", 1, HiddenKeys), expertSize, experts, topK, count, first,
            SharedExperts(config, expertSize), groups, groupTopK, IsGated(config));
    }

    // Each family states in its own way which layers are MoE layers; a rule that is absent keeps every layer.
    private static (int First, int Count) MoeLayers(ConfigReader config)
    {
        var layers = config.Need("the number of layers", 1, "num_hidden_layers", "n_layers", "num_layers");
        var dense = config.Optional("first_k_dense_replace", "moe_layer_start_index", "num_dense_layers") ?? 0; // DeepSeek, GLM; ERNIE
        var last = config.Optional("moe_layer_end_index") ?? -1;
        var frequencies = config.List("moe_layer_freq"); // a flag per layer
        var frequency = frequencies is null ? config.Optional("moe_layer_freq", "moe_layer_interval") ?? 1 : 1;
        var step = config.Optional("decoder_sparse_step", "interleave_moe_layer_step") ?? 1; // Qwen; Llama 4
        var period = config.Optional("expert_layer_period") ?? 1; // Jamba
        var offset = config.Optional("expert_layer_offset") ?? 0;
        var denseOnly = config.List("mlp_only_layers") ?? [];
        var listed = config.List("moe_layers");
        if (frequency < 1) throw InputException.At(config.Where, $"moe_layer_freq {frequency}", "at least 1");
        if (period < 1) throw InputException.At(config.Where, $"expert_layer_period {period}", "at least 1");
        var (first, count) = (-1, 0);
        for (var layer = 0; layer < layers; layer++)
        {
            if (layer < dense || (last >= 0 && layer > last) || layer % frequency != 0) continue;
            if (frequencies is not null && (layer >= frequencies.Length || frequencies[layer] == 0)) continue;
            if (step < 1 || (layer + 1) % step != 0 || layer % period != offset % period) continue;
            if (denseOnly.Contains(layer) || (listed is not null && !listed.Contains(layer))) continue;
            if (first < 0) first = layer;
            count++;
        }

        return (Math.Max(first, 0), count);
    }

    // Every step-th layer counting from one, in the encoder and in the decoder; the encoder's numbers come first.
    private static (int First, int Count) SwitchLayers(ConfigReader config)
    {
        var encoder = config.Need("the sparse encoder layers", 0, "num_sparse_encoder_layers");
        var decoder = config.Optional("num_sparse_decoder_layers") ?? 0;
        var layers = config.Need("the number of layers", 1, "num_layers");
        var step = config.Optional("encoder_sparse_step") ?? (encoder == 0 ? 1 : Math.Max(1, layers / encoder));
        return (step > 1 ? 1 : 0, encoder + decoder);
    }

    private static (int Groups, int TopK) Groups(ConfigReader config, int experts)
    {
        var groups = config.Optional("n_group", "num_expert_group") ?? 1;
        if (groups <= 1 || config.Text("topk_method") == "greedy") return (1, 1); // "greedy" is DeepSeek's word for no group limit
        var chosen = config.Optional("topk_group", "topk_groups") ?? groups;
        if (experts % groups != 0) throw InputException.At(config.Where, $"n_group {groups}", $"a divisor of the {experts} experts");
        if (chosen < 1 || chosen > groups) throw InputException.At(config.Where, $"topk_group {chosen}", $"1 to n_group = {groups}");
        return (groups, chosen);
    }

    private static int SharedExperts(ConfigReader config, int expertSize)
    {
        if (config.Optional(SharedCountKeys) is { } count) return count;
        if (config.Optional(SharedSizeKeys) is not { } size || size == 0) return 0;
        return Math.Max(1, (int)Math.Round((double)size / expertSize));
    }

    private static bool IsGated(ConfigReader config)
    {
        if (config.Text("feed_forward_proj") is { } projection) return projection.StartsWith("gated", StringComparison.Ordinal);
        if (config.Text("mlp_hidden_act") is not null) return false; // Nemotron-H: squared ReLU, two matrices
        return !config.Has("num_sparse_encoder_layers");
    }

    private static JsonElement LanguageModel(JsonElement root)
    {
        foreach (var key in Nested)
            if (root.TryGetProperty(key, out var inner) && inner.ValueKind == JsonValueKind.Object)
            {
                var found = LanguageModel(inner);
                if (ExpertKeys.Any(k => found.TryGetProperty(k, out _))) return found;
            }

        return root;
    }

    private static string Name(JsonElement root, string where) =>
        root.TryGetProperty("_name_or_path", out var name) && name.ValueKind == JsonValueKind.String && !string.IsNullOrWhiteSpace(name.GetString())
            ? name.GetString()!.TrimEnd('/').Split('/')[^1]
            : Path.GetFileName(where);
}
