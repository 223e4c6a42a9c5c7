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
        using FileStream stream = InputFile.Open(link);
        Assert.Equal(1000, stream.Length);
    }

    [Fact]
    public void What_Git_LFS_left_in_place_of_a_file_is_told_with_the_remedy()
    {
        string pointer = Golden.Data("faults/model-00001-of-00003.safetensors");
        string message = Assert.Throws<BadInputException>(() => InputFile.Open(pointer)).Message;
        Assert.StartsWith($"{pointer}: a Git LFS pointer, not the file itself; ", message);
        Assert.Contains("'git lfs install' once, then 'git lfs pull'", message);
        using FileStream other = InputFile.Open(folder.File("notes.txt", "version https://git-lfs.github.com/spec/v1 is the first line"u8.ToArray()));
        Assert.Equal(0, other.Position);
    }

    [Fact]
    public void A_pipe_and_an_empty_file_are_told_apart()
    {
        Process.Start("mkfifo", [Path.Combine(folder.Path, "pipe")]).WaitForExit();
        Assert.EndsWith("pipe: a pipe or device, which cannot be read twice; write it into a file and name that",
            Assert.Throws<BadInputException>(() => InputFile.Open(Path.Combine(folder.Path, "pipe"))).Message);
        Assert.EndsWith("empty (0 bytes); fetch it again", Assert.Throws<BadInputException>(() => InputFile.Open(folder.File("empty", []))).Message);
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
