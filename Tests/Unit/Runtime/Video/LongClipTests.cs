using System.Diagnostics;
using System.Globalization;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>An hour of 4K, made by repeating a second of it without decoding (0.6 GB on disk while the test runs).</summary>
[Trait("Category", "long"), Collection(nameof(Alone))]
public sealed class LongClipTests(ITestOutputHelper output)
{
    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Eight_frames_of_an_hour_of_4k_cost_seconds_and_little_memory(string backend)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && FfmpegProgram.IsAvailable, "needs Linux, and ffmpeg to make the clip");
        Assert.SkipUnless(backend != "opencv" || OpenCvLibrary.IsAvailable, "needs OpenCV's native library");
        string second = Golden.Data("video/edge/uhd_3840x2160_25.mp4");
        using var folder = new TemporaryFolder();
        string hour = Path.Combine(folder.Path, "hour.mp4");
        string[] copy = ["-v", "error", "-nostdin", "-stream_loop", "3599", "-i", second, "-c", "copy", hour];
        using (Process made = Process.Start("ffmpeg", copy)) made.WaitForExit();
        var preprocessor = new FramePreprocessor(PreprocessPreset.OriginalVideo, 224);
        Encode(Golden.Data("video/edge/frames_1.mp4")); // loads libraries, so that the base holds them
        GC.Collect();
        long start = Anonymous(), peak = start;
        using var done = new ManualResetEventSlim();
        var watch = new Thread(() =>
        {
            while (!done.Wait(5)) peak = Math.Max(peak, Anonymous());
        });
        watch.Start();
        var clock = Stopwatch.StartNew();
        PixelValues values = Encode(hour);
        clock.Stop();
        done.Set();
        watch.Join();
        output.WriteLine($"{backend}: {clock.Elapsed.TotalSeconds:f1} s, {(peak - start) >> 20} MB above {start >> 20} MB");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), $"took {clock.Elapsed}");
        Assert.True(peak - start < 300L << 20, $"{(peak - start) >> 20} MB");
        PixelValues one = Encode(second);
        // The first and the last frame of the hour are those of the second.
        int frame = 3 * 224 * 224;
        Assert.True(one.Values.AsSpan(0, frame).SequenceEqual(values.Values.AsSpan(0, frame)));
        Assert.True(one.Values.AsSpan(7 * frame).SequenceEqual(values.Values.AsSpan(7 * frame)));

        PixelValues Encode(string path)
        {
            using Clip clip = Clip.Open(path, new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken);
            if (path == hour) Assert.Equal(90_000, clip.FrameCount);
            return preprocessor.Clip(clip.Read(FrameSampler.Linspace(clip.FrameCount, 8), TestContext.Current.CancellationToken), 8);
        }
    }

    /// <summary>Memory of this process that no file backs, in bytes.</summary>
    private static long Anonymous()
    {
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }
}
