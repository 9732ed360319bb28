using Crossweave.Core.IO;

namespace Crossweave.Reporting;

/// <summary>
/// One line of progress on a terminal, from two seconds after the first report on and at most ten times a second; nothing at all
/// when the output is not a terminal. Disposing wipes the line. May be called from several threads.
/// </summary>
public sealed class TerminalProgress : IWorkProgress, IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly TextWriter _output;
    private readonly bool _isTerminal;
    private readonly TimeProvider _time;
    private readonly int _width;
    private long? _started;
    private long _shownAt;
    private bool _isShown;

    /// <param name="output">Usually standard error.</param>
    /// <param name="isTerminal">False silences everything.</param>
    /// <param name="time">Clock; tests pass their own.</param>
    /// <param name="width">Columns of the terminal.</param>
    public TerminalProgress(TextWriter output, bool isTerminal, TimeProvider time, int width = 80)
    {
        _output = output;
        _isTerminal = isTerminal;
        _time = time;
        _width = Math.Max(20, width);
    }

    /// <summary>Shows on standard error when that is a terminal.</summary>
    public static TerminalProgress ForStandardError() =>
        new(Console.Error, !Console.IsErrorRedirected, TimeProvider.System, Console.IsErrorRedirected ? 80 : Console.WindowWidth);

    public void Report(string task, long done, long total)
    {
        if (!_isTerminal) return;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            _started ??= now;
            if (_time.GetElapsedTime(_started.Value, now) < Patience) return;
            if (_isShown && _time.GetElapsedTime(_shownAt, now) < Pause) return;
            _shownAt = now;
            _isShown = true;
            var line = Line(task, done, total);
            _output.Write("\r" + (line.Length < _width ? line : line[..(_width - 1)]) + "\u001b[K");
            _output.Flush();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (!_isShown) return;
            _output.Write("\r\u001b[K");
            _output.Flush();
            _isShown = false;
        }
    }

    private static string Line(string task, long done, long total)
    {
        if (total <= 0) return $"{task}: {ReportText.Count(done)}";
        var share = Math.Clamp((double)done / total, 0, 1);
        var filled = (int)(share * 20);
        return $"[{new string('#', filled)}{new string('.', 20 - filled)}] {share * 100,3:0} % {task} ({ReportText.Count(done)} of {ReportText.Count(total)})";
    }
}
