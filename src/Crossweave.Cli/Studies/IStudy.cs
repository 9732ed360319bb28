using Crossweave.Core;
using Crossweave.Core.Formats.Documents;
using Crossweave.Core.IO;

namespace Crossweave.Cli.Studies;

/// <summary>One kind of table in experiments/: a key of scenario.json whose entries each give a section of expected.md.</summary>
internal interface IStudy
{
    /// <summary>Key in scenario.json; its value is a list of entries.</summary>
    string Key { get; }

    /// <summary>Heading, a line on what was given, and tables, in Markdown. Same entry and data, same text.</summary>
    /// <exception cref="InputException">A key or value of the entry that is not understood, or data that is missing.</exception>
    string Section(JsonInput entry, StudyContext context);
}

/// <summary>What a study may use.</summary>
/// <param name="Folder">The folder of scenario.json.</param>
/// <param name="Data">Folder of the recordings.</param>
/// <param name="Options">Command-line options that every 'plan' of the study gets.</param>
/// <param name="Progress">Where long work is reported.</param>
internal sealed record StudyContext(string Folder, string Data, string[] Options, IWorkProgress Progress)
{
    /// <exception cref="InputException">The folder of the recordings is missing.</exception>
    public string[] Traces(JsonInput entry, string key = "traces")
    {
        if (!Directory.Exists(Data)) throw new InputException($"--data: {Data} does not exist; this study reads recordings that are not part of the repository");
        return [.. entry[key].Items().Select(t => Path.Combine(Data, t.Text()))];
    }
}

/// <summary>Every kind of study; a new one is one file and one line here.</summary>
internal static class StudyKinds
{
    public static readonly IReadOnlyList<IStudy> All =
    [
        new PlanStudy(),
        new FitStudy(),
        new CircuitStudy(),
        new PhotonicStudy(),
        new DeploymentStudy(),
        new BalanceStudy(),
        new DriftStudy(),
        new MoveStudy(),
        new LocalityStudy(),
        new LocalityFloorStudy(),
    ];
}
