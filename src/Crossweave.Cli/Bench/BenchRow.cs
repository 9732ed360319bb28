namespace Crossweave.Cli.Bench;

/// <summary>One measured figure of <c>crossweave bench</c>.</summary>
/// <param name="Name">What was measured, with its size.</param>
/// <param name="Unit">Unit of <paramref name="Value"/> and <paramref name="Reference"/>.</param>
/// <param name="Value">Best run, warm.</param>
/// <param name="Reference">The plain version in the same run, or a stated target; null when there is none.</param>
/// <param name="ReferenceName">What the reference is; empty when there is none.</param>
/// <param name="Hash">FNV-1a of the results: a speed-up must not change it.</param>
/// <param name="Note">What was reached, beside the time.</param>
public sealed record BenchRow(string Name, string Unit, double Value, double? Reference, string ReferenceName, ulong Hash, string Note = "");
