using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Crossweave.Testing;

namespace Crossweave.Core.Tests;

/// <summary>Holds the arrows Algorithms &lt;- Core &lt;- {Planning, Simulation, Reporting, Runtime} &lt;- Cli, and house style that no analyzer checks.</summary>
public sealed class ArchitectureTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Crossweave.Algorithms"] = [],
        ["Crossweave.Core"] = ["Crossweave.Algorithms"],
        ["Crossweave.Planning"] = ["Crossweave.Algorithms", "Crossweave.Core"],
        ["Crossweave.Simulation"] = ["Crossweave.Algorithms", "Crossweave.Core"],
        ["Crossweave.Reporting"] = ["Crossweave.Algorithms", "Crossweave.Core"],
        ["Crossweave.Runtime"] = ["Crossweave.Algorithms", "Crossweave.Core"],
        ["Crossweave.Cli"] =
        [
            "Crossweave.Algorithms", "Crossweave.Core", "Crossweave.Planning", "Crossweave.Simulation", "Crossweave.Reporting", "Crossweave.Runtime",
        ],
    };

    private static string Source => Path.Combine(SharedData.RepositoryRoot, "src");

    [Fact]
    public void Projects_reference_only_what_the_arrows_allow()
    {
        var projects = Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories);
        Assert.True(projects.Length >= 6, $"found only {projects.Length} projects");
        foreach (var project in projects)
        {
            var name = Path.GetFileNameWithoutExtension(project);
            Assert.True(Allowed.ContainsKey(name), $"{name} has no place in the arrows");
            foreach (var reference in XDocument.Load(project).Descendants("ProjectReference"))
            {
                var target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
                Assert.True(Allowed[name].Contains(target), $"{name} must not reference {target}");
            }
        }
    }

    [Fact]
    public void Compiled_assemblies_reference_only_what_the_arrows_allow()
    {
        var checkedCount = 0;
        foreach (var project in Directory.GetFiles(Source, "*.csproj", SearchOption.AllDirectories))
        {
            var name = Path.GetFileNameWithoutExtension(project);
            var output = Path.Combine(Path.GetDirectoryName(project)!, "bin");
            if (!Directory.Exists(output)) continue;
            var assembly = name == "Crossweave.Cli" ? "crossweave.dll" : name + ".dll";
            foreach (var file in Directory.GetFiles(output, assembly, SearchOption.AllDirectories).Where(f => !f.Contains($"{Path.DirectorySeparatorChar}ref{Path.DirectorySeparatorChar}")))
            {
                using var image = new PEReader(File.OpenRead(file));
                var metadata = image.GetMetadataReader();
                foreach (var handle in metadata.AssemblyReferences)
                {
                    var target = metadata.GetString(metadata.GetAssemblyReference(handle).Name);
                    if (target.StartsWith("Crossweave.")) Assert.True(Allowed[name].Contains(target), $"{file} must not reference {target}");
                }

                checkedCount++;
            }
        }

        Assert.True(checkedCount >= 2, "Core and Algorithms, which this test project builds, were not found");
    }

    [Theory]
    [InlineData(@"\bRandom\.Shared\b|\bnew Random\(", "", "randomness comes from a Prng that is passed in")]
    [InlineData(@"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b", "", "no clock in a result")]
    [InlineData(@"\bThread\.Sleep\b", "", "nothing sleeps")]
    [InlineData(@"(?<![\w.])Console\.", "Crossweave.Cli|Crossweave.Reporting", "only the command line and the reports print")]
    public void Forbidden_calls_do_not_occur(string pattern, string exceptIn, string reason)
    {
        var except = exceptIn.Split('|', StringSplitOptions.RemoveEmptyEntries);
        foreach (var file in SourceFiles())
        {
            if (except.Any(e => file.Contains($"{Path.DirectorySeparatorChar}{e}{Path.DirectorySeparatorChar}"))) continue;
            var lines = File.ReadAllLines(file);
            for (var i = 0; i < lines.Length; i++)
                Assert.False(Regex.IsMatch(WithoutComment(lines[i]), pattern, RegexOptions.None, TimeSpan.FromSeconds(5)), $"{file}:{i + 1}: {reason}: {lines[i].Trim()}");
        }
    }

    [Fact]
    public void Files_stay_under_400_lines_unless_their_header_says_why()
    {
        foreach (var file in SourceFiles())
        {
            var lines = File.ReadAllLines(file);
            if (lines.Length <= 400) continue;
            Assert.True(lines.Take(10).Any(l => l.Contains("// Long file:")), $"{file} has {lines.Length} lines; split it, or start it with '// Long file: <reason>'");
        }
    }

    private static string WithoutComment(string line)
    {
        var comment = line.IndexOf("//", StringComparison.Ordinal);
        return comment < 0 ? line : line[..comment];
    }

    private static List<string> SourceFiles()
    {
        char slash = Path.DirectorySeparatorChar;
        var files = Directory.GetFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{slash}obj{slash}") && !f.Contains($"{slash}bin{slash}")).ToList();
        Assert.True(files.Count > 30, $"found only {files.Count} source files");
        return files;
    }
}
