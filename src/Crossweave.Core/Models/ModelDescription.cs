using Crossweave.Core.Units;

namespace Crossweave.Core.Models;

/// <summary>The shape of an MoE model as far as its all-to-all and expert compute need it.</summary>
/// <param name="Name">Preset name (kebab-case) or the file it came from.</param>
/// <param name="HiddenSize">Elements per token vector.</param>
/// <param name="ExpertSize">Intermediate size of one routed expert.</param>
/// <param name="ExpertCount">Routed experts per MoE layer.</param>
/// <param name="TopK">Experts per token.</param>
/// <param name="LayerCount">MoE layers.</param>
/// <param name="FirstMoeLayer">Model layer number of the first MoE layer.</param>
/// <param name="SharedExpertCount">Experts every token uses, computed on its own rank.</param>
/// <param name="GroupCount">Expert groups of group-limited routing; 1 = none.</param>
/// <param name="GroupTopK">Groups a token may use; equals GroupCount when unlimited.</param>
/// <param name="IsGated">True for SwiGLU-style experts (three matrices), false for two.</param>
public sealed record ModelDescription(
    string Name,
    int HiddenSize,
    int ExpertSize,
    int ExpertCount,
    int TopK,
    int LayerCount,
    int FirstMoeLayer = 0,
    int SharedExpertCount = 0,
    int GroupCount = 1,
    int GroupTopK = 1,
    bool IsGated = true)
{
    /// <summary>Parameters of one routed expert.</summary>
    public long ExpertParameters => (IsGated ? 3L : 2L) * HiddenSize * ExpertSize;

    /// <summary>Floating-point operations of one expert for one token.</summary>
    public long FlopPerRow => 2 * ExpertParameters;

    /// <summary>Bytes of one token vector in a number format, scales included.</summary>
    public Bytes TokenBytes(NumberFormat format) => format.VectorBytes(HiddenSize);

    /// <summary>
    /// Bytes of one token copy in both directions. The result of an expert is summed with others, so it usually comes back in
    /// bf16 even where the way out is fp8 (DeepSeek-V3, arXiv 2412.19437, section 3.3); that is the default of
    /// <paramref name="combine"/>.
    /// </summary>
    public TokenWireBytes WireBytes(NumberFormat dispatch, NumberFormat? combine = null) =>
        new(TokenBytes(dispatch), TokenBytes(combine ?? NumberFormat.Parse("bf16", "combine format")));
}

/// <summary>Bytes of one token copy on the wire: towards the experts, and back.</summary>
public readonly record struct TokenWireBytes(Bytes Dispatch, Bytes Combine);
