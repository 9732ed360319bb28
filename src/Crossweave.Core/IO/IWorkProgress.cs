namespace Crossweave.Core.IO;

/// <summary>Where long work says how far it is. Implementations decide whether anything is shown.</summary>
public interface IWorkProgress
{
    /// <param name="task">Short present-tense name, for example "planning layers".</param>
    /// <param name="done">Units finished.</param>
    /// <param name="total">Units in all; 0 when unknown.</param>
    void Report(string task, long done, long total);
}

/// <summary>Shows nothing.</summary>
public sealed class SilentProgress : IWorkProgress
{
    public static readonly SilentProgress Instance = new();

    public void Report(string task, long done, long total)
    {
    }
}
