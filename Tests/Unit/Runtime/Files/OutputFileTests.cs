using System.Diagnostics;
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
        using (var file = new OutputFile(Target, []))
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
        using (var file = new OutputFile(Target, [])) file.Stream.Write([2, 3]);
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
        OnFullDisk().Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>Each spelling leads to the input, which is itself named by a link.</summary>
    [Theory]
    [InlineData("input.mp4")]
    [InlineData("./linked/../input.mp4")]
    [InlineData("linked/input.mp4")]
    [InlineData("link.srt")]
    [InlineData("link of a link.srt")]
    [InlineData("hard.srt")]
    public void An_input_is_no_output(string output)
    {
        string input = folder.File("input.mp4", [1]), named = Path.Combine(folder.Path, "link.srt");
        File.CreateSymbolicLink(named, "input.mp4");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "link of a link.srt"), "link.srt");
        Directory.CreateSymbolicLink(Path.Combine(folder.Path, "linked"), folder.Path);
        Process.Start("ln", [input, Path.Combine(folder.Path, "hard.srt")]).WaitForExit();
        string path = Path.Combine(folder.Path, output);
        var error = Assert.Throws<BadInputException>(() => new OutputFile(path, ["nowhere", named]));
        Assert.Equal($"{path}: this is {named}, which is read; choose another output path", error.Message);
        Assert.Equal([1], File.ReadAllBytes(input));
    }

    [Fact]
    public void Inputs_are_not_looked_at_where_the_output_is_new()
        => OutputFile.Check(Target, Enumerable.Range(0, 1).Select<int, string>(_ => throw new InvalidOperationException()));

    [Fact]
    public void A_device_that_is_full_is_told()
    {
        using var file = new OutputFile("/dev/full", []);
        file.Stream.Write([2, 3]);
        Assert.Contains("/dev/full: cannot be written (", Assert.Throws<BadInputException>(file.Complete).Message);
    }

    /// <summary>A few bytes are written, which wait in the stream; its temporary file leads to Linux's device that is always full.</summary>
    private OutputFile OnFullDisk()
    {
        var file = new OutputFile(Target, [], temporary =>
        {
            File.CreateSymbolicLink(temporary, "/dev/full");
            return File.OpenWrite(temporary);
        });
        file.Stream.Write([2, 3]);
        return file;
    }
}
