namespace Crossweave.Core.Models;

/// <summary>
/// Shapes of published MoE models, taken from the config.json that each model is published with on Hugging Face (repository
/// named on the line). A shared expert counts in units of one routed expert.
/// </summary>
public static class ModelPresets
{
    public static readonly IReadOnlyList<ModelDescription> All =
    [
        new("mixtral-8x7b", 4096, 14336, 8, 2, 32), // mistralai/Mixtral-8x7B-v0.1
        new("mixtral-8x22b", 6144, 16384, 8, 2, 56), // mistralai/Mixtral-8x22B-v0.1
        new("deepseek-moe-16b", 2048, 1408, 64, 6, 27, FirstMoeLayer: 1, SharedExpertCount: 2), // deepseek-ai/deepseek-moe-16b-base
        new("deepseek-v2-lite", 2048, 1408, 64, 6, 26, FirstMoeLayer: 1, SharedExpertCount: 2), // deepseek-ai/DeepSeek-V2-Lite
        new("deepseek-v3", 7168, 2048, 256, 8, 58, FirstMoeLayer: 3, SharedExpertCount: 1, GroupCount: 8, GroupTopK: 4), // deepseek-ai/DeepSeek-V3
        new("qwen1.5-moe-a2.7b", 2048, 1408, 60, 4, 24, SharedExpertCount: 4), // Qwen/Qwen1.5-MoE-A2.7B: one shared expert, 5632 = 4 x 1408
        new("qwen3-30b-a3b", 2048, 768, 128, 8, 48), // Qwen/Qwen3-30B-A3B
        new("qwen3-235b-a22b", 4096, 1536, 128, 8, 94), // Qwen/Qwen3-235B-A22B
        new("olmoe-1b-7b", 2048, 1024, 64, 8, 16), // allenai/OLMoE-1B-7B-0924
        new("gpt-oss-20b", 2880, 2880, 32, 4, 24), // openai/gpt-oss-20b
        new("gpt-oss-120b", 2880, 2880, 128, 4, 36), // openai/gpt-oss-120b
        new("dbrx", 6144, 10752, 16, 4, 40), // databricks/dbrx-base
        new("switch-base-8", 768, 3072, 8, 1, 12, FirstMoeLayer: 1, IsGated: false), // google/switch-base-8: 6 encoder + 6 decoder layers
    ];

    /// <summary>Other names of the same shape.</summary>
    public static readonly IReadOnlyList<(string Alias, string Name)> Aliases =
    [
        ("deepseek-r1", "deepseek-v3"),
    ];

    /// <param name="name">Preset or alias, exactly as listed.</param>
    /// <param name="where">Flag or file key, named in the error.</param>
    /// <exception cref="InputException">Unknown name.</exception>
    public static ModelDescription Find(string name, string where = "--model")
    {
        var wanted = name;
        foreach (var (alias, target) in Aliases)
            if (alias == name)
                wanted = target;
        return All.FirstOrDefault(m => m.Name == wanted) ??
            throw InputException.At(where, $"'{name}'", $"a config.json of Hugging Face, or one of {string.Join(", ", Names)}");
    }

    /// <summary>Presets and aliases, in order.</summary>
    public static IEnumerable<string> Names => All.Select(m => m.Name).Concat(Aliases.Select(a => a.Alias));

    /// <summary>
    /// What a person may write after --model: the name of a preset, a config.json, or a folder that holds one.
    /// </summary>
    /// <exception cref="InputException">Neither a preset nor a readable description.</exception>
    public static ModelDescription Load(string nameOrPath, string where = "--model")
    {
        if (Directory.Exists(nameOrPath)) return HuggingFaceConfig.Read(Path.Combine(nameOrPath, "config.json"));
        if (File.Exists(nameOrPath) || nameOrPath.EndsWith(".json", StringComparison.OrdinalIgnoreCase)) return HuggingFaceConfig.Read(nameOrPath);
        return Find(nameOrPath, where);
    }
}
