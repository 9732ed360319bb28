namespace Crossweave.Reporting;

internal static class Placeholder;
