using Crossweave.Core.IO;

namespace Crossweave.Core.Tests.IO;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_link_stays_a_link_and_what_it_points_to_is_replaced()
    {
        using var folder = new TemporaryFolder();
        var (real, link) = (folder.File("real"), folder.File("link"));
        File.CreateSymbolicLink(link, real);
        foreach (var text in new[] { "new", "old" })
        {
            AtomicFile.WriteAllText(link, text);
            Assert.Equal((text, real), (File.ReadAllText(real), new FileInfo(link).LinkTarget));
        }

        Assert.Equal(2, Directory.GetFileSystemEntries(Path.GetDirectoryName(folder.File("x"))!).Length);
    }

    /// <summary>As root, a rename would replace the device for the whole machine.</summary>
    [Fact]
    public void Devices_are_written_and_never_replaced()
    {
        if (!File.Exists("/dev/null")) return; // a machine without such files
        AtomicFile.WriteAllText("/dev/null", "nothing");
        Assert.Equal("", File.ReadAllText("/dev/null"));
    }

    [Fact]
    public void Nothing_is_left_of_what_cannot_be_written()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("taken"));
        Assert.Contains("taken: cannot be written", Assert.Throws<InputException>(() => AtomicFile.WriteAllText(folder.File("taken"), "x")).Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(Path.GetDirectoryName(folder.File("x"))!));
    }
}
