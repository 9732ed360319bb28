using Crossweave.Core.Models;

namespace Crossweave.Core.Tests.Models;

public sealed class ModelTests
{
    // The keys that matter of each published config.json, in its own spelling, among a few that do not.
    [Theory]
    [InlineData("mixtral-8x7b", """{"hidden_size":4096,"intermediate_size":14336,"num_local_experts":8,"num_experts_per_tok":2,"num_hidden_layers":32,"rope_theta":1000000.0,"sliding_window":null}""")]
    [InlineData("mixtral-8x22b", """{"hidden_size":6144,"intermediate_size":16384,"num_local_experts":8,"num_experts_per_tok":2,"num_hidden_layers":56}""")]
    [InlineData("deepseek-moe-16b", """{"hidden_size":2048,"intermediate_size":10944,"moe_intermediate_size":1408,"n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"num_hidden_layers":28,"first_k_dense_replace":1,"moe_layer_freq":1}""")]
    [InlineData("deepseek-v2-lite", """{"hidden_size":2048,"intermediate_size":10944,"moe_intermediate_size":1408,"n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"num_hidden_layers":27,"first_k_dense_replace":1,"moe_layer_freq":1,"n_group":1,"topk_group":1,"topk_method":"greedy"}""")]
    [InlineData("deepseek-v3", """{"hidden_size":7168,"intermediate_size":18432,"moe_intermediate_size":2048,"n_routed_experts":256,"n_shared_experts":1,"num_experts_per_tok":8,"num_hidden_layers":61,"first_k_dense_replace":3,"moe_layer_freq":1,"n_group":8,"topk_group":4,"topk_method":"noaux_tc","num_nextn_predict_layers":1}""")]
    [InlineData("qwen1.5-moe-a2.7b", """{"hidden_size":2048,"intermediate_size":5632,"moe_intermediate_size":1408,"shared_expert_intermediate_size":5632,"num_experts":60,"num_experts_per_tok":4,"num_hidden_layers":24,"decoder_sparse_step":1}""")]
    [InlineData("qwen3-30b-a3b", """{"hidden_size":2048,"intermediate_size":6144,"moe_intermediate_size":768,"num_experts":128,"num_experts_per_tok":8,"num_hidden_layers":48,"decoder_sparse_step":1,"mlp_only_layers":[]}""")]
    [InlineData("qwen3-235b-a22b", """{"hidden_size":4096,"intermediate_size":12288,"moe_intermediate_size":1536,"num_experts":128,"num_experts_per_tok":8,"num_hidden_layers":94,"decoder_sparse_step":1,"mlp_only_layers":[]}""")]
    [InlineData("olmoe-1b-7b", """{"hidden_size":2048,"intermediate_size":1024,"num_experts":64,"num_experts_per_tok":8,"num_hidden_layers":16}""")]
    [InlineData("gpt-oss-20b", """{"hidden_size":2880,"intermediate_size":2880,"num_local_experts":32,"experts_per_token":4,"num_experts_per_tok":4,"num_hidden_layers":24}""")]
    [InlineData("gpt-oss-120b", """{"hidden_size":2880,"intermediate_size":2880,"num_local_experts":128,"experts_per_token":4,"num_hidden_layers":36}""")]
    [InlineData("dbrx", """{"d_model":6144,"n_layers":40,"ffn_config":{"ffn_act_fn":{"name":"silu"},"ffn_hidden_size":10752,"moe_num_experts":16,"moe_top_k":4,"moe_loss_weight":0.05}}""")]
    [InlineData("switch-base-8", """{"d_model":768,"d_ff":3072,"num_experts":8,"num_layers":12,"num_decoder_layers":12,"num_sparse_encoder_layers":6,"num_sparse_decoder_layers":6,"encoder_sparse_step":2,"decoder_sparse_step":2,"feed_forward_proj":"relu"}""")]
    public void A_published_config_gives_the_preset(string preset, string json)
    {
        var read = HuggingFaceConfig.Parse(json, "config.json");
        Assert.Equal(ModelPresets.Find(preset), read with { Name = preset });
    }

    [Fact]
    public void Nested_language_models_are_found()
    {
        var json = """{"model_type":"kimi_vl","text_config":{"hidden_size":2048,"intermediate_size":11264,"moe_intermediate_size":1408,"num_hidden_layers":27,"n_routed_experts":64,"n_shared_experts":2,"num_experts_per_tok":6,"first_k_dense_replace":1},"vision_config":{"hidden_size":1152}}""";
        var read = HuggingFaceConfig.Parse(json, "config.json");
        Assert.Equal((2048, 1408, 64, 6, 26, 1, 2), (read.HiddenSize, read.ExpertSize, read.ExpertCount, read.TopK, read.LayerCount, read.FirstMoeLayer, read.SharedExpertCount));
    }

    [Theory]
    [InlineData("""  "decoder_sparse_step":2 """, 1, 6)]
    [InlineData("""  "mlp_only_layers":[0,1,5] """, 2, 9)]
    [InlineData("""  "first_k_dense_replace":3,"moe_layer_freq":2 """, 4, 4)]
    [InlineData("""  "moe_layer_freq":[0,1,1,1,1,1,1,1,1,1,1,1] """, 1, 11)]
    [InlineData("""  "expert_layer_period":2,"expert_layer_offset":1 """, 1, 6)]
    [InlineData("""  "interleave_moe_layer_step":4 """, 3, 3)]
    [InlineData("""  "moe_layers":[2,4] """, 2, 2)]
    [InlineData("""  "moe_layer_start_index":1,"moe_layer_end_index":10,"moe_layer_interval":1 """, 1, 10)]
    public void Layer_rules_of_the_families_are_followed(string rule, int first, int count)
    {
        var json = $$"""{"hidden_size":64,"intermediate_size":128,"num_experts":8,"moe_topk":[2,2],"num_hidden_layers":12,{{rule}}}""";
        var read = HuggingFaceConfig.Parse(json, "config.json");
        Assert.Equal((first, count, 2), (read.FirstMoeLayer, read.LayerCount, read.TopK));
    }

    [Theory]
    [InlineData("""[1]""", "an object")]
    [InlineData("""{"hidden_size":1,""", "not JSON")]
    [InlineData("""{"hidden_size":64,"num_hidden_layers":2}""", "the number of experts")]
    [InlineData("""{"num_experts":8,"num_experts_per_tok":2,"intermediate_size":8,"num_hidden_layers":2}""", "the hidden size")]
    [InlineData("""{"num_experts":8,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":2}""", "experts per token")]
    [InlineData("""{"num_experts":8,"num_experts_per_tok":9,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":2}""", "at most the 8")]
    [InlineData("""{"num_experts":8,"num_experts_per_tok":"two","hidden_size":8,"intermediate_size":8,"num_hidden_layers":2}""", "num_experts_per_tok")]
    [InlineData("""{"num_experts":8,"num_experts_per_tok":2,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":2,"first_k_dense_replace":2}""", "no MoE layer")]
    [InlineData("""{"num_experts":8,"num_experts_per_tok":2,"hidden_size":8,"intermediate_size":8,"num_hidden_layers":2,"n_group":3}""", "n_group")]
    public void A_file_that_is_not_an_MoE_model_is_refused_in_one_line(string json, string expected)
    {
        var error = Assert.Throws<InputException>(() => HuggingFaceConfig.Parse(json, "config.json"));
        Assert.StartsWith("config.json", error.Message);
        Assert.Contains(expected, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Names_are_unique_and_aliases_point_at_presets()
    {
        Assert.Equal(ModelPresets.Names.Count(), ModelPresets.Names.Distinct().Count());
        Assert.Equal("deepseek-v3", ModelPresets.Find("deepseek-r1").Name);
        Assert.Contains("deepseek-v2-lite", Assert.Throws<InputException>(() => ModelPresets.Find("gpt-5")).Message);
        Assert.Throws<InputException>(() => ModelPresets.Load("nowhere/config.json"));
    }

    [Fact]
    public void Wire_bytes_of_DeepSeek_V3_are_7168_plus_scales_out_and_14336_back()
    {
        // 7168 one-byte elements and 56 float32 scales of 128 elements each; bf16 back.
        var bytes = ModelPresets.Find("deepseek-v3").WireBytes(NumberFormat.Parse("fp8", "format"));
        Assert.Equal((7168 + (56 * 4), 14336), (bytes.Dispatch.Value, bytes.Combine.Value));
    }

    [Fact]
    public void One_expert_of_DeepSeek_V3_has_44_million_parameters() =>
        Assert.Equal(44_040_192, ModelPresets.Find("deepseek-v3").ExpertParameters); // 44 MB in FP8, balancing spec 2.2
}
