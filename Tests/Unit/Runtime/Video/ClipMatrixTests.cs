using System.Text;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>Codecs, containers, groups of pictures, sound and cuts, every legal pair of them: the frames of a sequential decode.</summary>
public sealed class ClipMatrixTests(ITestOutputHelper output)
{
    /// <summary>Of the covering cases a normal run takes every so many.</summary>
    private const int NormalShare = 3;

    private int elsewhere;

    [Fact]
    public void Chosen_frames_are_those_of_a_sequential_decode() => Run([.. Cases().Where((_, i) => i % NormalShare == 0)], ["opencv"], [1e9]);

    [Fact, Trait("Category", "long")]
    public void Of_all_cases_too_on_both_back_ends_decoded_whole_and_sought() => Run(Cases(), ["opencv", "ffmpeg"], [1e9, 0]);

    private void Run(IReadOnlyList<ClipCase> cases, string[] backends, double[] mostDecoded)
    {
        Assert.SkipUnless(OpenCvLibrary.IsAvailable, $"needs OpenCV's native library ({OpenCvLibrary.Reason})");
        var wrong = new List<string>();
        foreach (ClipCase kind in cases)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            using var folder = new TemporaryFolder();
            string path = kind.Make(folder.Path);
            SequentialDecode? expected = null;
            foreach (string backend in backends)
            {
                foreach (double most in mostDecoded)
                {
                    try
                    {
                        Check(kind, path, backend, most, ref expected);
                    }
                    catch (Exception e) when (e is not OperationCanceledException)
                    {
                        wrong.Add($"{kind}, {backend}, {(most > 0 ? "whole" : "sought")}: {e.Message.ReplaceLineEndings(" ")}");
                    }
                }
            }
        }
        output.WriteLine($"{cases.Count} kinds of clips, {cases.Count * backends.Length * mostDecoded.Length} cases, "
            + $"{elsewhere} sent to the other back end, {wrong.Count} wrong");
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    private void Check(ClipCase kind, string path, string backend, double most, ref SequentialDecode? expected)
    {
        var notices = new List<string>();
        var options = new ClipOptions { Backend = backend, Notice = notices.Add, MostDecodedPixels = most };
        using Clip clip = Clip.Open(path, options, TestContext.Current.CancellationToken);
        elsewhere += notices.RemoveAll(notice => notice.Contains(": decoded by "));
        expected ??= SequentialDecode.Of(path, clip.Width, clip.Height);
        Assert.Equal((expected.Frames.Count, expected.Width, expected.Height), (clip.FrameCount, clip.Width, clip.Height));
        int[] chosen = FrameSampler.Linspace(clip.FrameCount, 8);
        Frame[] frames = [.. clip.Read(chosen, TestContext.Current.CancellationToken)];
        for (int i = 0; i < 8; i++)
        {
            (int largest, double mean) = expected.Differs(chosen[i], frames[i]);
            Assert.True(largest <= 3 && mean <= 1, $"frame {chosen[i]}: largest difference {largest}, mean {mean:f2}");
        }
        if (kind.Container != "avi" && (most == 0 || kind.Sound.StartsWith("late", StringComparison.Ordinal)))
        {
            double[] times = SequentialDecode.Times(path); // AVI has none
            Assert.Equal(times.Length, clip.FrameCount);
            Assert.All(chosen.Where(index => !double.IsNaN(times[index])),
                index => Assert.Equal(times[index], clip.Times[index].TotalSeconds, 0.0015));
        }
        if (kind.Cut is not ("middle" or "copy")) Assert.Empty(notices);
    }

    private static IReadOnlyList<ClipCase> Cases()
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
        string known = Encoding.UTF8.GetString(SequentialDecode.Run("ffmpeg", "-v", "quiet", "-encoders").Output);
        return [.. ClipCase.Covering().Where(kind => known.Contains($" {kind.Encoder} "))];
    }
}
