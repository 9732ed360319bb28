using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Scheduling;

/// <summary>The flows of a matrix.</summary>
internal static class Transfers
{
    /// <summary>Every positive off-diagonal entry whole, in row-major order.</summary>
    public static Transfer[] Of(TrafficMatrix demand)
    {
        var transfers = new List<Transfer>();
        for (var source = 0; source < demand.RankCount; source++)
        {
            var row = demand.Row(source);
            for (var target = 0; target < row.Length; target++)
                if (target != source && row[target] > 0)
                    transfers.Add(new Transfer(source, target, row[target]));
        }

        return [.. transfers];
    }

    /// <summary>One step with all of them; no step when there is none.</summary>
    public static Step[] Together(TrafficMatrix demand) => Of(demand) is { Length: > 0 } all ? [new Step(all)] : [];
}
