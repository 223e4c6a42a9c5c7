using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>Clips of kinds that went wrong in programs like this one (data/faults), on both back ends: the frames of a sequential decode.</summary>
public sealed class FaultyClipTests(ITestOutputHelper output)
{
    private static readonly ConcurrentDictionary<string, Lazy<SequentialDecode>> Oracle = new();
    private static readonly string[] Clips =
    [
        "av1.mp4", "av1.webm", "c100.mp4", "cut_h264_opus.mkv", "cut_with_sound.mp4", "editlist.mp4", "flat709.mp4", "h264_b.avi",
        "hevc_grey.ts", "hflip.mp4", "junk_start.ts", "late5s.mkv", "late_video.mp4", "mpeg4_b.avi", "mpeg4_grey.ts", "reschange.ts",
        "reschange.webm", "slides.mp4", "still_end.mp4", "styp_first.mp4", "transpose.mp4", "ts_204.ts", "ts_midgop.ts", "ts_midpacket.ts",
        "vflip.mp4", "vp9_opus_offset02.webm",
    ];

    /// <summary>Where something is to be said of the frames.</summary>
    private static readonly Dictionary<string, string> Said = new()
    {
        ["ts_midgop.ts"] = "holds 72 frames, of which 57 decode",
        ["ts_midpacket.ts"] = "holds 99 frames, of which 78 decode",
    };

    /// <summary>One of each kind that the ffmpeg back end had wrong or refused; the others are in the long run.</summary>
    private static readonly HashSet<string> OfFfmpeg =
    [
        "cut_with_sound.mp4", "h264_b.avi", "junk_start.ts", "reschange.ts", "styp_first.mp4", "ts_204.ts", "ts_midgop.ts",
    ];

    public static TheoryData<string, string> Rows()
        => [.. Clips.Select(clip => ("opencv", clip)), .. Clips.Where(OfFfmpeg.Contains).Select(clip => ("ffmpeg", clip))];

    public static TheoryData<string, string> OtherRows() => [.. Clips.Where(clip => !OfFfmpeg.Contains(clip)).Select(clip => ("ffmpeg", clip))];

    public static TheoryData<string, string> AllRows()
        => [.. Clips.Select(clip => ("opencv", clip)), .. Clips.Select(clip => ("ffmpeg", clip))];

    [Theory, MemberData(nameof(Rows))]
    public void The_frames_are_those_of_a_sequential_decode(string backend, string file)
        => Check(backend, file, ClipOptions.Default.MostDecodedPixels);

    [Theory, MemberData(nameof(OtherRows)), Trait("Category", "long")]
    public void So_are_the_others(string backend, string file) => Check(backend, file, ClipOptions.Default.MostDecodedPixels);

    [Theory, MemberData(nameof(AllRows)), Trait("Category", "long")]
    public void So_are_they_where_a_clip_is_too_long_to_be_decoded_whole(string backend, string file) => Check(backend, file, 0);

    [Theory]
    [InlineData("opencv", "hevc_grey.ts"), InlineData("opencv", "mpeg4_grey.ts"), InlineData("opencv", "c100.mp4")]
    [InlineData("opencv", "late5s.mkv"), InlineData("opencv", "ts_midgop.ts")]
    [InlineData("ffmpeg", "hevc_grey.ts")]
    public void Nor_are_they_others_after_seeking(string backend, string file) => Check(backend, file, 0);

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Times_are_those_of_the_files_clock(string backend)
    {
        Assert.Equal(5.0, First("late_video.mp4"), 1e-6);
        Assert.Equal(5.007, First("late5s.mkv"), 1e-6);
        Assert.Equal(0.64, First("ts_midgop.ts"), 1e-6); // the recording begins 0.64 s before the first picture that decodes
        Assert.Equal([0, 10, 20, 30], All("slides.mp4"));
        if (backend == "opencv") // each file costs the ffmpeg back end three processes
        {
            Assert.Equal(0.207, First("vp9_opus_offset02.webm"), 1e-6);
            Assert.Equal(0, First("editlist.mp4"), 1e-6);
            Assert.Equal(0, First("hevc_grey.ts"), 1e-6); // its time stamps begin at 1.48 s, and there is nothing else in the file
            Assert.Equal([0, 1, 2], All("still_end.mp4"));
        }
        Assert.Equal(Enumerable.Range(0, 100).Select(i => Math.Round(0.04 * i, 6)), All("mpeg4_b.avi"));

        double First(string file) => All(file)[0];

        double[] All(string file)
        {
            RequireBackends(backend);
            using Clip clip = Clip.Open(Golden.Data($"faults/{file}"), new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken);
            return [.. clip.Times.Select(time => Math.Round(time.TotalSeconds, 6))];
        }
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Tagged_colours_are_converted_by_their_tag(string backend)
    {
        RequireBackends(backend);
        using Clip clip = Clip.Open(Golden.Data("faults/flat709.mp4"), new ClipOptions { Backend = backend },
            TestContext.Current.CancellationToken);
        Frame frame = clip.Read([0], TestContext.Current.CancellationToken).Single();
        int middle = 3 * (64 * 128 + 64);
        int[] colour = [frame.Rgb[middle], frame.Rgb[middle + 1], frame.Rgb[middle + 2]];
        Assert.All(colour.Zip([32, 192, 64]), pair => Assert.InRange(pair.First, pair.Second - 3, pair.Second + 3));
    }

    /// <summary>4:2:0, which is converted by our own code.</summary>
    [Theory]
    [InlineData("-colorspace bt709 -color_range tv"), InlineData("-colorspace bt2020nc -color_range tv"), InlineData("-color_range pc")]
    public void So_are_those_of_halved_chroma(string tags)
    {
        RequireBackends("opencv");
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "tagged.mkv");
        SequentialDecode.Run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=0.4", "-vf", "format=yuv420p", "-c:v",
            "libx264", "-preset", "ultrafast", .. tags.Split(' '), path]);
        CheckFile("opencv", path, ClipOptions.Default.MostDecodedPixels);
    }

    [Theory, InlineData("h264"), InlineData("h263")]
    public void A_key_frame_that_is_none_is_not_entered(string codec) => EnterUntrueKeys("opencv", codec);

    [Theory, InlineData("h264"), InlineData("h263"), Trait("Category", "long")]
    public void Nor_by_ffmpeg(string codec) => EnterUntrueKeys("ffmpeg", codec);

    /// <summary>A container that calls other pictures key frames, all but the first and the last: none of them is believed. A decoder of
    /// H.264 shows nothing of such a picture, one of H.263 shows it on grey.</summary>
    private void EnterUntrueKeys(string backend, string codec)
    {
        RequireBackends(backend);
        using var folder = new TemporaryFolder();
        string path = Golden.Data("faults/c100.mp4");
        if (codec == "h263")
        {
            path = Path.Combine(folder.Path, "true.mov");
            SequentialDecode.Run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=128x96:r=25:d=4", "-c:v", codec, "-g", "20",
                "-sc_threshold", "1000000000", path]);
        }
        byte[] file = File.ReadAllBytes(path);
        int at = file.AsSpan().IndexOf("stss"u8), count = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at + 8));
        Assert.InRange(count, 3, 10);
        for (int i = 1; i < count - 1; i++)
        {
            Span<byte> sample = file.AsSpan(at + 12 + 4 * i);
            BinaryPrimitives.WriteInt32BigEndian(sample, BinaryPrimitives.ReadInt32BigEndian(sample) + 7);
        }
        CheckFile(backend, folder.File($"untrue_{codec}.mov", file), 0);
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void What_the_decoder_filled_in_or_left_out_is_told_with_its_count(string backend)
    {
        RequireBackends(backend);
        using var folder = new TemporaryFolder();
        byte[] stream = File.ReadAllBytes(Golden.Data("faults/mpeg4_grey.ts"));
        for (int packet = 300; packet < 420; packet += 20) Overwrite(stream, packet * 188 + 60, 120);
        Assert.Contains("5 of its 250 frames are damaged; the decoder filled in what is missing", Assert.Single(Told("damaged.ts", stream)));
        byte[] lost = File.ReadAllBytes(Golden.Data("video/edge/counter_100.mp4"));
        Overwrite(lost, 30_000, 2_000);
        Assert.Contains("holds 100 frames, of which 98 decode", Assert.Single(Told("lost.mp4", lost)));

        List<string> Told(string name, byte[] file)
        {
            var notices = new List<string>();
            string path = folder.File(name, file);
            using Clip clip = Clip.Open(path, new ClipOptions { Backend = backend, Notice = notices.Add }, TestContext.Current.CancellationToken);
            return notices;
        }

        static void Overwrite(byte[] file, int from, int length)
        {
            for (int i = from; i < from + length; i++) file[i] = (byte)(7 * i);
        }
    }

    private void Check(string backend, string file, double mostDecoded)
    {
        RequireBackends(backend);
        CheckFile(backend, Golden.Data($"faults/{file}"), mostDecoded);
    }

    private void CheckFile(string backend, string path, double mostDecoded)
    {
        string file = Path.GetFileName(path);
        var notices = new List<string>();
        var options = new ClipOptions { Backend = backend, Notice = notices.Add, MostDecodedPixels = mostDecoded };
        using Clip clip = Clip.Open(path, options, TestContext.Current.CancellationToken);
        SequentialDecode expected = Oracle.GetOrAdd(path,
            _ => new Lazy<SequentialDecode>(() => SequentialDecode.Of(path, clip.Width, clip.Height))).Value;
        Assert.Equal((expected.Frames.Count, expected.Width, expected.Height), (clip.FrameCount, clip.Width, clip.Height));
        int[] chosen = FrameSampler.Linspace(clip.FrameCount, 8);
        Frame[] frames = [.. clip.Read(chosen, TestContext.Current.CancellationToken)];
        if (Codes(file) is { } codes) Assert.Equal(codes, frames.Select(FrameCode.Read));
        for (int i = 0; i < 8; i++)
        {
            (int largest, double mean) = expected.Differs(chosen[i], frames[i]);
            output.WriteLine($"frame {chosen[i]} at {frames[i].Time.TotalSeconds:f3} s: largest difference {largest}, mean {mean:f2}");
            Assert.True(largest <= 3 && mean <= 1, $"frame {chosen[i]}: largest difference {largest}, mean {mean:f2}");
        }
        if (file.StartsWith("av1", StringComparison.Ordinal)) notices.RemoveAll(notice => notice.Contains("av1 has no decoder in OpenCV's package"));
        if (Said.TryGetValue(file, out string? said)) Assert.Contains(said, Assert.Single(notices));
        else Assert.Empty(notices);
    }

    private static int[]? Codes(string file)
    {
        using JsonDocument codes = JsonDocument.Parse(File.ReadAllBytes(Golden.Data("faults/codes.json")));
        return codes.RootElement.TryGetProperty(file, out JsonElement entry)
            ? [.. entry.GetProperty("linspace8").EnumerateArray().Select(code => code.GetInt32())] : null;
    }

    /// <summary>ffmpeg is the oracle too.</summary>
    private static void RequireBackends(string backend)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
        Assert.SkipUnless(backend != "opencv" || OpenCvLibrary.IsAvailable, $"needs OpenCV's native library ({OpenCvLibrary.Reason})");
    }
}
