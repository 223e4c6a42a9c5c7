using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Files;

/// <summary>A file appears when it is complete; what goes wrong before, at the last flush too, leaves what was there.</summary>
public sealed class OutputFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Target => Path.Combine(folder.Path, "captions.srt");

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_complete_file_replaces_the_former()
    {
        folder.File("captions.srt", [1]);
        using (var file = new OutputFile(Target))
        {
            file.Stream.Write([2, 3]);
            Assert.Equal([1], File.ReadAllBytes(Target));
            file.Complete();
        }
        Assert.Equal([2, 3], File.ReadAllBytes(Target));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void One_that_is_not_completed_leaves_the_former()
    {
        folder.File("captions.srt", [1]);
        using (var file = new OutputFile(Target)) file.Stream.Write([2, 3]);
        Assert.Equal([1], File.ReadAllBytes(Target));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_disk_that_is_full_at_the_last_flush_is_told_and_leaves_the_former()
    {
        folder.File("captions.srt", [1]);
        OutputFile file = OnFullDisk();
        Assert.Contains($"{Target}: cannot be written (", Assert.Throws<BadInputException>(file.Complete).Message);
        file.Dispose();
        Assert.Equal([1], File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_full_disk_leaves_no_part_behind_where_nobody_completes_the_file()
    {
        OutputFile file = OnFullDisk();
        Assert.Throws<IOException>(file.Dispose);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_device_that_is_full_is_told()
    {
        using var file = new OutputFile("/dev/full");
        file.Stream.Write([2, 3]);
        Assert.Contains("/dev/full: cannot be written (", Assert.Throws<BadInputException>(file.Complete).Message);
    }

    /// <summary>A few bytes are written, which wait in the stream; its temporary file is Linux's device that is always full.</summary>
    private OutputFile OnFullDisk()
    {
        File.CreateSymbolicLink($"{Target}.{Environment.ProcessId}.part", "/dev/full");
        var file = new OutputFile(Target);
        file.Stream.Write([2, 3]);
        return file;
    }
}
