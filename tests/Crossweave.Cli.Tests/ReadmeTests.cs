using System.Diagnostics;
using System.Text;
using Crossweave.Testing;

namespace Crossweave.Cli.Tests;

/// <summary>
/// The console blocks of the README and of docs/serving.md are executed, each as a process of its own in an empty folder that holds the samples, and what they
/// print must be what the page shows. Run with CROSSWEAVE_UPDATE_README=1 to rewrite the blocks after a wanted change.
/// </summary>
public sealed class ReadmeTests
{
    private const string Run = "dotnet run --project src/Crossweave.Cli -c Release -- ";
    private const string Tool = "crossweave ";

    private static readonly string Readme = Path.Combine(SharedData.RepositoryRoot, "README.md");

    [Theory]
    [InlineData("README.md", 3, "crossweave-demo/report.html")]
    [InlineData("docs/serving.md", 6, "tuesday/report.html")]
    public void Every_console_block_prints_what_it_shows(string page, int blocks, string written)
    {
        page = Path.Combine(SharedData.RepositoryRoot, page);
        using var folder = new Cli.Folder();
        Directory.CreateDirectory(folder.File("samples"));
        foreach (var file in Directory.GetFiles(Cli.Sample(""))) File.Copy(file, folder.File(Path.Combine("samples", Path.GetFileName(file))));
        var text = new StringBuilder();
        var executed = 0;
        foreach (var part in Blocks(File.ReadAllText(page)))
        {
            var block = part;
            if (part.StartsWith("```console\n$ ", StringComparison.Ordinal))
            {
                var command = part[13..part.IndexOf('\n', 13)];
                var arguments = command.StartsWith(Run, StringComparison.Ordinal) ? command[Run.Length..] : command.StartsWith(Tool, StringComparison.Ordinal) ? command[Tool.Length..] : null;
                if (arguments is not null)
                {
                    block = $"```console\n$ {command}\n{Output(arguments, folder.Path)}```";
                    executed++;
                    if (Environment.GetEnvironmentVariable("CROSSWEAVE_UPDATE_README") is null) Assert.Equal(part, block);
                }
            }

            text.Append(block);
        }

        Assert.True(executed >= blocks, $"{page} lost its examples");
        Assert.True(File.Exists(folder.File(written)));
        if (Environment.GetEnvironmentVariable("CROSSWEAVE_UPDATE_README") is not null) File.WriteAllText(page, text.ToString());
    }

    [Fact]
    public void The_ci_script_runs_the_test_command_of_the_readme()
    {
        Assert.Contains("$ dotnet test Crossweave.slnx\n", File.ReadAllText(Readme));
        Assert.Contains("dotnet test Crossweave.slnx ", File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, ".ci", "run")));
    }

    [Fact]
    public void The_sample_is_what_its_recipe_makes()
    {
        using var folder = new Cli.Folder();
        Assert.Equal(0, Cli.Run("synth", Cli.Sample("routing.synth.json"), "--out", folder.File("routing")).Code);
        foreach (var name in (string[])["routing.ids.npy", "routing.sequences.csv", "routing.meta.json"])
            Assert.Equal(File.ReadAllBytes(Cli.Sample(name)), File.ReadAllBytes(folder.File(name)));
    }

    /// <summary>The text cut into fenced blocks and what lies between, in order.</summary>
    private static IEnumerable<string> Blocks(string text)
    {
        var at = 0;
        while (text.IndexOf("```", at, StringComparison.Ordinal) is >= 0 and var open && text.IndexOf("\n```", open, StringComparison.Ordinal) is >= 0 and var close)
        {
            yield return text[at..open];
            yield return text[open..(close + 4)];
            at = close + 4;
        }

        yield return text[at..];
    }

    private static string Output(string arguments, string folder)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "crossweave.dll"), .. arguments.Split(' ')])
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"crossweave {arguments}: {error.Result}");
        return output;
    }
}
