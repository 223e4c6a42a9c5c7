using EdgeVideoLlava.Runtime.Live.Sinks;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sinks;

public sealed class CaptionFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("captions").FullName;

    private string Target => Path.Combine(folder, "out.srt");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void The_file_appears_under_its_name_only_when_complete()
    {
        using var file = new CaptionFile(Target);
        file.Writer.Write("Größe\n");
        file.Writer.Flush();
        Assert.False(File.Exists(Target));
        file.Complete();
        Assert.Equal("Größe\n"u8.ToArray(), File.ReadAllBytes(Target));
        Assert.Equal([Target], Directory.GetFiles(folder));
    }

    [Fact]
    public void Given_up_it_leaves_the_old_file_and_no_other()
    {
        File.WriteAllText(Target, "old");
        using (var file = new CaptionFile(Target)) file.Writer.Write("half");
        Assert.Equal("old", File.ReadAllText(Target));
        Assert.Equal([Target], Directory.GetFiles(folder));
    }

    [Fact]
    public void A_symbolic_link_stays_a_link()
    {
        string real = Path.Combine(folder, "real.srt");
        File.WriteAllText(real, "old");
        File.CreateSymbolicLink(Target, real);
        using (var file = new CaptionFile(Target))
        {
            file.Writer.Write("new");
            file.Complete();
        }
        Assert.NotNull(new FileInfo(Target).LinkTarget);
        Assert.Equal("new", File.ReadAllText(real));
    }

    [Fact]
    public void A_device_is_written_and_not_replaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs /dev/null");
        using (var file = new CaptionFile("/dev/null"))
        {
            file.Writer.Write("gone");
            file.Complete();
        }
        Assert.Equal(0, new FileInfo("/dev/null").Length);
        Assert.Empty(Directory.GetFiles("/dev", "*.part"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("absent/out.srt")]
    [InlineData("folder")]
    [InlineData("folder/")]
    public void A_path_that_cannot_be_written_is_bad_input_at_once(string relative)
    {
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        string path = relative.Length == 0 ? "" : Path.Combine(folder, relative);
        var error = Assert.Throws<BadInputException>(() => new CaptionFile(path));
        Assert.StartsWith($"{path}: cannot be written (", error.Message);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Empty(Directory.GetFiles(folder));
    }
}
