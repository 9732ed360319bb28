using Crossweave.Core.Scheduling;
using Crossweave.Core.Traffic;

namespace Crossweave.Planning.Scheduling;

/// <summary>One step with every remote transfer, in row-major order; no step when there is none.</summary>
internal static class AllAtOnce
{
    public static Step[] Steps(TrafficMatrix demand)
    {
        var transfers = new List<Transfer>();
        for (var source = 0; source < demand.RankCount; source++)
        {
            var row = demand.Row(source);
            for (var target = 0; target < row.Length; target++)
                if (target != source && row[target] > 0)
                    transfers.Add(new Transfer(source, target, row[target]));
        }

        return transfers.Count == 0 ? [] : [new Step([.. transfers])];
    }
}
