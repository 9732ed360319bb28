using System.CommandLine;
using System.Globalization;
using Crossweave.Core;
using Crossweave.Core.Placement;
using Crossweave.Core.Units;
using Crossweave.Planning;

namespace Crossweave.Cli.Verbs;

/// <summary>Memory limits per rank: numbers of slots, or memory and the bytes of one expert.</summary>
internal sealed class RankSlotOptions
{
    private readonly Option<string?> _slots = new("--rank-slots") { Description = "Slots per layer of each rank when they differ (9,9,8,8), instead of --slots.", HelpName = "LIST" };

    private readonly Option<string?> _memory = new("--rank-memory") { Description = "Memory for experts of each rank (60GiB,80GiB,...), instead of --slots; needs --expert-bytes.", HelpName = "LIST" };

    private readonly Option<string?> _expertBytes = new("--expert-bytes") { Description = "With --rank-memory: bytes of one expert in one layer (44MB).", HelpName = "BYTES" };

    public void AddTo(Command command, bool withMemory = true)
    {
        foreach (var option in withMemory ? new Option[] { _slots, _memory, _expertBytes } : [_slots]) command.Options.Add(option);
    }

    /// <summary>Slots of each rank, or null when none of the options is given; the text says how they were derived.</summary>
    /// <exception cref="InputException">Not a list, both kinds, or memory for other than 0 to 1,048,576 slots.</exception>
    public (int[] Slots, string? Derivation)? Read(ParseResult parsed, int layers)
    {
        var (slots, memory) = (parsed.GetValue(_slots), parsed.GetValue(_memory));
        if (memory is null && parsed.GetValue(_expertBytes) is not null) throw InputException.At("--expert-bytes", "it without --rank-memory", "--rank-memory beside it");
        if (slots is not null && memory is not null) throw InputException.At("--rank-memory", "it beside --rank-slots", "one of the two");
        if (slots is not null) return (Numbers(slots), null);
        return memory is null ? null : FromMemory(memory, VerbText.Need(parsed, _expertBytes), layers);
    }

    /// <summary>Limits as <c>--rank-slots</c> writes them; null when not given.</summary>
    public int[]? Limits(ParseResult parsed) => parsed.GetValue(_slots) is { } list ? Numbers(list) : null;

    /// <summary>Planners that can fill ranks of these sizes, and those left out because they cannot.</summary>
    /// <exception cref="InputException">A planner that must not be left out needs equal ranks.</exception>
    public static (List<IPlacementPlanner> Fitting, List<IPlacementPlanner> Skipped) Fitting(IReadOnlyList<IPlacementPlanner> chosen, IReadOnlyList<int>? rankSlots, bool skips)
    {
        if (rankSlots is null || rankSlots.Distinct().Count() <= 1) return ([.. chosen], []);
        List<IPlacementPlanner> fitting = [.. chosen.Where(p => p.FillsUnevenRanks)], skipped = [.. chosen.Except(fitting)];
        return skips || skipped.Count == 0
            ? (fitting, skipped)
            : throw InputException.At("--rank-slots", $"{rankSlots.Min()} to {rankSlots.Max()} slots per rank", $"the same number on every rank, which {skipped[0].Name} needs; others: {string.Join(", ", Planners.All.Where(p => p is { FillsUnevenRanks: true, NeedsPrevious: false }).Select(p => p.Name))}");
    }

    private static int[] Numbers(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries).Select((text, r) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n)
            ? n : throw InputException.At("--rank-slots", $"'{text}' for rank {r}", "a list of whole numbers, one per rank"))];

    private static (int[] Slots, string Derivation) FromMemory(string memory, string expertBytes, int layers)
    {
        var expert = UnitParser.Bytes(expertBytes, "--expert-bytes");
        if (expert.Value == 0) throw InputException.At("--expert-bytes", expertBytes, "more than 0 bytes");
        var perSlot = (UInt128)expert.Value * (ulong)layers;
        int[] slots = [.. memory.Split(',', StringSplitOptions.TrimEntries).Select((text, r) =>
        {
            var fits = (UInt128)UnitParser.Bytes(text, "--rank-memory").Value / perSlot;
            return fits <= PlacementProblem.MaxSlots ? (int)fits : throw InputException.At("--rank-memory", $"{text} on rank {r}, room for {fits} experts in each of {layers} layers", $"at most {PlacementProblem.MaxSlots}");
        })];
        return (slots, $"slots per layer from --rank-memory: {string.Join(",", slots)} (memory of the rank / ({expert} x {layers} layers), rounded down)");
    }
}
