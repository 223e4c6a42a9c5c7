using System.Diagnostics;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Files;

public sealed class InputFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_link_is_as_long_as_what_it_points_to()
    {
        string file = folder.File("blob", new byte[1000]), link = Path.Combine(folder.Path, "link");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "inner"), file);
        File.CreateSymbolicLink(link, "inner");
        Assert.Equal(1000, InputFile.Length(link));
        using FileStream stream = InputFile.Open(link);
        Assert.Equal(1000, stream.Length);
    }

    [Fact]
    public void What_is_no_file_with_bytes_in_it_is_refused_at_once()
    {
        folder.File("empty", []);
        Process.Start("mkfifo", [Path.Combine(folder.Path, "pipe")]).WaitForExit();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "to_pipe"), Path.Combine(folder.Path, "pipe"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "dangling"), "nowhere");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "circle"), "circle");
        foreach (string name in new[] { "empty", "pipe", "to_pipe", "dangling", "circle", "absent", "." })
        {
            string path = Path.Combine(folder.Path, name), message = Assert.Throws<BadInputException>(() => InputFile.Open(path)).Message;
            Assert.StartsWith($"{path}: ", message);
            Assert.DoesNotContain('\n', message);
        }
    }
}
