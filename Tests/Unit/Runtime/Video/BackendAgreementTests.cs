using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>OpenCV's library and the ffmpeg program on every clip of the repository and of data/video: the same frames, times and notices.
/// </summary>
public sealed class BackendAgreementTests(ITestOutputHelper output)
{
    private static readonly string[] Endings = [".mp4", ".avi", ".mkv", ".webm", ".gif", ".y4m"];

    /// <summary>Paths within the repository or the data.</summary>
    public static TheoryData<string> Rows()
    {
        string[] folders = [Path.Combine(Golden.Repository, "Samples"), Path.Combine(Golden.Shared ?? "absent", "data/video")];
        IEnumerable<string> files = folders.Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .Where(file => Endings.Contains(Path.GetExtension(file)) && !file.Contains("/bin/", StringComparison.Ordinal));
        return [.. files.Order(StringComparer.Ordinal)];
    }

    [Theory, MemberData(nameof(Rows)), Trait("Category", "long")]
    public void Both_back_ends_give_the_same_frames(string path)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
        Assert.SkipUnless(OpenCvLibrary.IsAvailable, $"needs OpenCV's native library ({OpenCvLibrary.Reason})");
        if (Refusal(path, "opencv") is { } refusal)
        {
            Assert.Equal(refusal, Refusal(path, "ffmpeg"));
            output.WriteLine($"{path}: refused by both, {refusal}");
            return;
        }
        using Clip left = Open(path, "opencv", out List<string> told), right = Open(path, "ffmpeg", out List<string> toldToo);
        output.WriteLine($"{path}: {left.FrameCount} frames; {string.Join("; ", told)}");
        Assert.Equal((left.FrameCount, left.Width, left.Height), (right.FrameCount, right.Width, right.Height));
        Assert.All(left.Times.Zip(right.Times), pair => Assert.Equal(pair.First.TotalSeconds, pair.Second.TotalSeconds, 0.001));
        int[] chosen = FrameSampler.Linspace(left.FrameCount, 8);
        foreach ((Frame first, Frame second) in Read(left, chosen).Zip(Read(right, chosen))) RequireNear(first, second);
        Assert.Equal(told.Count, toldToo.Count);
    }

    private static string? Refusal(string path, string backend)
    {
        try
        {
            using Clip clip = Open(path, backend, out _);
            return null;
        }
        catch (BadInputException e)
        {
            return e.Message;
        }
    }

    private static Clip Open(string path, string backend, out List<string> told)
    {
        List<string> notices = told = [];
        return Clip.Open(path, new ClipOptions { Backend = backend, Notice = notices.Add }, TestContext.Current.CancellationToken);
    }

    private static IEnumerable<Frame> Read(Clip clip, int[] chosen) => clip.Read(chosen, TestContext.Current.CancellationToken);

    private void RequireNear(Frame first, Frame second)
    {
        int[] differences = [.. first.Rgb.Zip(second.Rgb, (a, b) => Math.Abs(a - b))];
        output.WriteLine($"at {first.Time.TotalSeconds:f3} s: largest difference {differences.Max()}, mean {differences.Average():f3}");
        Assert.InRange(differences.Max(), 0, 3);
        Assert.InRange(differences.Average(), 0, 1);
    }
}
