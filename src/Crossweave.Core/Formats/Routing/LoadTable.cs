using Crossweave.Core.Routing;

namespace Crossweave.Core.Formats.Routing;

/// <summary>Collects loads [layer, expert] with checked sums; importers of loads share its limits and messages.</summary>
internal sealed class LoadTable
{
    private const int MaxCells = 1 << 22;
    private readonly long[] _tokens;
    private readonly int _experts;

    public LoadTable(long layers, long experts, string where)
    {
        if (layers < 1 || experts is < 1 or > ChoiceValidator.MaxExperts || (Int128)layers * experts > MaxCells)
            throw InputException.At(where, $"{layers} layers x {experts} experts", $"1 to {ChoiceValidator.MaxExperts} experts, and at most {MaxCells} loads");
        _experts = (int)experts;
        _tokens = new long[layers * experts];
    }

    public void Add(int layer, int expert, long tokens, string where)
    {
        ref var cell = ref _tokens[(layer * _experts) + expert];
        if (tokens < 0 || tokens > long.MaxValue - cell) throw InputException.At(where, $"load {tokens}", $"0 to {long.MaxValue - cell}");
        cell += tokens;
    }

    /// <exception cref="InputException">No token at all, or more than 64 bits can count.</exception>
    public ExpertLoad ToLoad(string where, IReadOnlyList<int>? layerIds = null)
    {
        if (Array.TrueForAll(_tokens, t => t == 0)) throw InputException.At(where, "no load above zero", "recorded loads");
        Int128 total = 0;
        foreach (var tokens in _tokens) total += tokens;
        if (total > long.MaxValue) throw InputException.At(where, $"{total} tokens altogether", $"at most {long.MaxValue}");
        return new ExpertLoad(_tokens.Length / _experts, _experts, _tokens, layerIds);
    }

    /// <summary>Refuses an expert count that differs from what was asked for.</summary>
    public static void CheckExperts(ImportOptions options, long found, string where)
    {
        if (options.ExpertCount is { } asked && asked != found) throw InputException.At(where, $"{found} experts", $"{asked} as asked for");
    }
}
