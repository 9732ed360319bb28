using Crossweave.Core.Scheduling;

namespace Crossweave.Planning.Scheduling;

/// <summary>Steps from destination vectors.</summary>
internal static class Matchings
{
    /// <summary>The pairs with a positive amount, sources ascending.</summary>
    /// <param name="targetOfSource">Destination of each source; ignored where nothing is carried.</param>
    /// <param name="tokens">Amount per source.</param>
    /// <param name="held">Local transfer that the step waits for.</param>
    /// <param name="plane">Circuit switch.</param>
    public static Step StepOf(ReadOnlySpan<int> targetOfSource, ReadOnlySpan<long> tokens, Transfer? held = null, int plane = 0)
    {
        var count = 0;
        foreach (var t in tokens) count += t > 0 ? 1 : 0;
        var transfers = new Transfer[count];
        count = 0;
        for (var source = 0; source < tokens.Length; source++)
            if (tokens[source] > 0)
                transfers[count++] = new Transfer(source, targetOfSource[source], tokens[source]);
        return new Step(transfers, held, plane);
    }
}
