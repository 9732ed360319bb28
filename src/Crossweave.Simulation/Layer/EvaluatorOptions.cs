namespace Crossweave.Simulation.Layer;

/// <summary>When the rows that stay on their rank are computed.</summary>
public enum LocalRows
{
    /// <summary>In a launch of their own at time 0.</summary>
    OwnLaunch,

    /// <summary>With the first rows that arrive.</summary>
    JoinedFirst,

    /// <summary>With the last rows that arrive.</summary>
    JoinedLast,
}

/// <summary>How the layer simulators run.</summary>
/// <param name="Local">Only the overlapping simulators use it: without overlap local rows are part of the one launch.</param>
/// <param name="CollectActivities">False leaves the timeline empty, which is faster.</param>
public sealed record EvaluatorOptions(LocalRows Local = LocalRows.OwnLaunch, bool CollectActivities = true);
