using System.Diagnostics;

namespace Crossweave.Cli.Bench;

/// <summary>Times an action after warm-up (the last JIT tier needs some hundred calls). Monotonic clock, so the best run is the figure to quote.</summary>
public static class BenchClock
{
    /// <summary>Best and median seconds of <paramref name="runs"/> runs after <paramref name="warmups"/> unmeasured ones.</summary>
    public static (double BestSeconds, double MedianSeconds) Measure(Action action, int warmups, int runs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(runs);
        for (var i = 0; i < warmups; i++) action();
        var seconds = new double[runs];
        for (var i = 0; i < runs; i++)
        {
            var start = Stopwatch.GetTimestamp();
            action();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        Array.Sort(seconds);
        return (seconds[0], seconds[runs / 2]);
    }
}
