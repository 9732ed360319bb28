namespace Crossweave.Reporting;

/// <summary>Where a report came from. No time of day: the same run gives the same bytes.</summary>
/// <param name="CommandLine">As the user can repeat it.</param>
/// <param name="Version">Program version.</param>
public sealed record ReportContext(string CommandLine, string Version)
{
    /// <summary>What the simulators leave out and other assumptions, one sentence each; shown in the report's last section.</summary>
    public IReadOnlyList<string> Assumptions { get; init; } = [];

    /// <summary>Further provenance, for example the source and licence of the trace.</summary>
    public IReadOnlyList<(string Name, string Text)> Facts { get; init; } = [];
}
