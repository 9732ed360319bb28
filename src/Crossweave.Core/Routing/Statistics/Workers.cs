using System.Runtime.ExceptionServices;

namespace Crossweave.Core.Routing.Statistics;

/// <summary>Runs the same loop on several threads; the first exception comes out as it was thrown.</summary>
internal static class Workers
{
    public static void Run(int count, Action work)
    {
        if (count <= 1)
        {
            work();
            return;
        }

        try
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = count }, _ => work());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    /// <summary>Calls <paramref name="body"/> once for every index; the body must write to places of its own index only.</summary>
    public static void ForEach(int count, int? threads, Action<int> body)
    {
        var next = -1;
        Run(Math.Clamp(threads ?? Environment.ProcessorCount, 1, Math.Max(1, count)), () =>
        {
            for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next)) body(i);
        });
    }
}
