namespace Crossweave.Reporting.Tests;

public sealed class TerminalProgressTests
{
    [Fact]
    public void Says_nothing_in_the_first_two_seconds_and_then_one_line_at_most_every_tenth_of_a_second()
    {
        var (clock, output) = (new ManualClock(), new StringWriter());
        using var progress = new TerminalProgress(output, isTerminal: true, clock);
        progress.Report("planning layers", 0, 26);
        clock.Advance(1.99);
        progress.Report("planning layers", 12, 26);
        Assert.Empty(output.ToString());
        clock.Advance(0.02);
        progress.Report("planning layers", 13, 26);
        Assert.Equal("\r[##########..........]  50 % planning layers (13 of 26)\u001b[K", output.ToString());
        clock.Advance(0.05);
        progress.Report("planning layers", 14, 26);
        Assert.DoesNotContain("14 of 26", output.ToString());
        clock.Advance(0.06);
        progress.Report("reading", 1_500, 0);
        Assert.EndsWith("\rreading: 1,500\u001b[K", output.ToString());
    }

    [Fact]
    public void Disposing_wipes_the_line_once()
    {
        var (clock, output) = (new ManualClock(), new StringWriter());
        var progress = new TerminalProgress(output, isTerminal: true, clock);
        progress.Report("x", 0, 2);
        clock.Advance(3);
        progress.Report("x", 1, 2);
        progress.Dispose();
        progress.Dispose();
        Assert.EndsWith("\u001b[K\r\u001b[K", output.ToString());
        Assert.Equal(3, output.ToString().Split("\u001b[K").Length);
    }

    [Fact]
    public void Short_work_leaves_no_trace_and_other_outputs_stay_silent()
    {
        var (clock, output) = (new ManualClock(), new StringWriter());
        using (var quick = new TerminalProgress(output, isTerminal: true, clock)) quick.Report("x", 1, 2);
        using (var file = new TerminalProgress(output, isTerminal: false, clock))
        {
            file.Report("x", 0, 2);
            clock.Advance(60);
            file.Report("x", 1, 2);
        }

        Assert.Empty(output.ToString());
    }

    [Fact]
    public void Lines_never_reach_the_last_column()
    {
        var (clock, output) = (new ManualClock(), new StringWriter());
        using var progress = new TerminalProgress(output, isTerminal: true, clock, width: 30);
        progress.Report("a task with a very long name indeed", 0, 9);
        clock.Advance(5);
        progress.Report("a task with a very long name indeed", 1, 9);
        Assert.Equal(29, output.ToString().Trim('\r').Replace("\u001b[K", string.Empty).Length);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => 1_000;

        public override long GetTimestamp() => _ticks;

        public void Advance(double seconds) => _ticks += (long)Math.Round(seconds * 1_000);
    }
}
