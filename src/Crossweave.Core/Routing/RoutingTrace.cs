namespace Crossweave.Core.Routing;

/// <summary>Tokens that belong together (a prompt, an answer); traces are split and given source ranks by sequence.</summary>
/// <param name="FirstToken">First token row of the trace.</param>
/// <param name="TokenCount">Rows, at least 1.</param>
/// <param name="Name">As in the source file.</param>
/// <param name="Domain">Data set or category; empty when unknown.</param>
public sealed record TokenSequence(int FirstToken, int TokenCount, string Name, string Domain);

/// <summary>
/// Recorded routing: [token, layer, k] -> expert, optionally with gate weights and source ranks. Tokens are read in blocks,
/// so a trace may be memory-mapped and larger than memory. Experts of one token in one layer are distinct and in
/// [0, <see cref="ExpertCount"/>); importers check this once, readers rely on it. Instances are safe for concurrent reads.
/// </summary>
public abstract class RoutingTrace : IDisposable
{
    public abstract int TokenCount { get; }

    public abstract int LayerCount { get; }

    /// <summary>Experts chosen per token and layer.</summary>
    public abstract int TopK { get; }

    /// <summary>Logical experts per layer.</summary>
    public abstract int ExpertCount { get; }

    /// <summary>Model layer number of every recorded layer (metadata of the source; 0, 1, ... when unknown).</summary>
    public abstract IReadOnlyList<int> LayerIds { get; }

    /// <summary>Sequences in token order; together they cover every token exactly once.</summary>
    public abstract IReadOnlyList<TokenSequence> Sequences { get; }

    public virtual bool HasWeights => false;

    public virtual bool HasSourceRanks => false;

    /// <summary>Copies the choices of tokens [firstToken, firstToken + tokenCount), all layers, shape [token, layer, k].</summary>
    public abstract void ReadExperts(int firstToken, int tokenCount, Span<ushort> experts);

    /// <summary>Copies the choices of one layer, shape [token, k].</summary>
    public abstract void ReadLayer(int layer, int firstToken, int tokenCount, Span<ushort> experts);

    /// <summary>Gate weights of one layer, shape [token, k], in the order of the experts.</summary>
    /// <exception cref="NotSupportedException">The trace has none (<see cref="HasWeights"/>).</exception>
    public virtual void ReadWeights(int layer, int firstToken, int tokenCount, Span<float> weights) =>
        throw new NotSupportedException("this trace has no gate weights");

    /// <summary>Recorded source rank of each token.</summary>
    /// <exception cref="NotSupportedException">The trace has none (<see cref="HasSourceRanks"/>).</exception>
    public virtual void ReadSourceRanks(int firstToken, int tokenCount, Span<int> ranks) =>
        throw new NotSupportedException("this trace has no source ranks");

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}
