namespace Crossweave.Planning.Placement;

/// <summary>
/// A placement of all layers as the field's three arrays; slot j is local slot j mod (S / P) of rank j / (S / P).
/// </summary>
/// <param name="LayerCount">Layers L.</param>
/// <param name="ExpertCount">Logical experts E.</param>
/// <param name="SlotCount">Slots S per layer.</param>
/// <param name="ExpertOfSlot">phy2log, [L, S].</param>
/// <param name="ReplicaOfSlot">Replica number of the copy in each slot, [L, S]; 0 is the expert's first copy.</param>
/// <param name="ReplicaCount">logcnt, [L, E].</param>
public sealed record EplbPlan(
    int LayerCount, int ExpertCount, int SlotCount, int[] ExpertOfSlot, int[] ReplicaOfSlot, int[] ReplicaCount)
{
    /// <summary>X: the largest replica count of any expert in any layer, the width of <see cref="SlotOfReplica"/>.</summary>
    public int LargestReplicaCount => ReplicaCount.Max();

    /// <summary>log2phy, [L, E, X]: the slot of each replica in replica order, padded with -1. O(L (E X + S)), a new array.</summary>
    public int[] SlotOfReplica()
    {
        var width = LargestReplicaCount;
        var slotOfReplica = new int[LayerCount * ExpertCount * width];
        Array.Fill(slotOfReplica, -1);
        for (var i = 0; i < ExpertOfSlot.Length; i++)
        {
            var row = ((i / SlotCount) * ExpertCount) + ExpertOfSlot[i];
            slotOfReplica[(row * width) + ReplicaOfSlot[i]] = i % SlotCount;
        }

        return slotOfReplica;
    }
}
