namespace Crossweave.Core.Tests;

/// <summary>A folder of its own that disappears with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("crossweave-test-").FullName;

    public string File(string name) => Path.Combine(_path, name);

    public string File(string name, string content)
    {
        System.IO.File.WriteAllText(File(name), content);
        return File(name);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
