using System.Globalization;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Weights;

/// <summary>What of a model's mapped file is in this process' memory, by the system's own count.</summary>
public sealed class ReleasedPagesTests
{
    private static readonly string Shapes = Path.Combine(Golden.Repository, "Samples/ShapesWorld");

    [Theory]
    [InlineData(TestDevice.OpenClPortable, 0, 0.15)]
    [InlineData(TestDevice.Cpu, 0.5, 1.1)] // uses them where they are
    public void Mapped_pages_are_given_back_once_the_device_has_the_weights(TestDevice kind, double least, double most)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "other systems have no such count");
        using var folder = new TemporaryFolder();
        foreach (string file in Directory.GetFiles($"{Shapes}/model")) File.Copy(file, Path.Combine(folder.Path, Path.GetFileName(file)));
        string weights = Path.Combine(folder.Path, "model.safetensors");
        using ComputeDevice device = TestDevices.Open(kind);
        using Assistant assistant = Assistant.Load(folder.Path, device);
        Assert.InRange((double)Resident(weights) / new FileInfo(weights).Length, least, most);
        using Conversation talk = assistant.Start();
        talk.Show($"{Shapes}/clips/clip_00.mp4");
        Assert.Equal("A blue ring vanishes.", talk.Ask(Assistant.Question).Text);
    }

    /// <summary>Whole pages within the piece, and no byte is another one afterwards.</summary>
    [Fact]
    public void A_piece_that_is_given_back_reads_as_before()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "bytes");
        byte[] bytes = new byte[1 << 20];
        new Random(1).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        using var file = new MappedFile(path);
        Assert.Equal(bytes, file.Span(0, bytes.Length).ToArray());
        long before = Resident(path);
        file.Release(file.Address + 100, 500_000, fromCache: true);
        if (OperatingSystem.IsLinux()) Assert.InRange(Resident(path), before - 500_000, before - 400_000);
        Assert.Equal(bytes, file.Span(0, bytes.Length).ToArray());
        file.Release(file.Address + 10, 100, fromCache: true); // no whole page
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Release(file.Address + bytes.Length - 10, 11, fromCache: false));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.Release(file.Address - 1, 11, fromCache: false));
    }

    /// <summary>Bytes of a file that are mapped and in memory.</summary>
    private static long Resident(string path)
    {
        bool inside = false;
        long bytes = 0;
        foreach (string line in File.ReadLines("/proc/self/smaps"))
        {
            string head = line.Split(' ', 2)[0];
            if (!head.EndsWith(':')) inside = line.EndsWith(path, StringComparison.Ordinal);
            else if (inside && head == "Rss:")
                bytes += 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        return bytes;
    }
}
