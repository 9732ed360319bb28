using Crossweave.Cli;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>Runs the program in this process and keeps what it printed.</summary>
internal static class Cli
{
    public static (int Code, string Out, string Error) Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = CommandLine.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    public static string Sample(string name) => Path.Combine(SharedData.RepositoryRoot, "samples", name);

    /// <summary>A folder that is removed when the test ends.</summary>
    public sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("crossweave-test-").FullName;

        public string File(string name, string? text = null)
        {
            var path = System.IO.Path.Combine(Path, name);
            if (text is not null) System.IO.File.WriteAllText(path, text);
            return path;
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
