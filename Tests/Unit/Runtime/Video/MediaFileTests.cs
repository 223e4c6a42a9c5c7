using System.Globalization;
using System.Text;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class MediaFileTests
{
    [Fact]
    public void Every_reference_clip_is_a_clip_and_every_picture_a_picture()
    {
        string[] neither = ["zero_byte", "text_renamed", "copyright", "LICENSE"];
        foreach ((string folder, MediaKind kind) in ((string, MediaKind)[])[("video", MediaKind.Clip), ("images", MediaKind.Picture)])
        {
            foreach (string path in Directory.EnumerateFiles(Golden.Data(folder), "*", SearchOption.AllDirectories))
            {
                if (neither.Any(path.Contains)) Assert.Throws<BadInputException>(() => MediaFile.Detect(path));
                else Assert.True((path.EndsWith("anim_3frames.gif", StringComparison.Ordinal) ? MediaKind.Clip
                    : kind) == MediaFile.Detect(path), path);
            }
        }
    }

    [Theory]
    [InlineData("255044462D312E37", "a PDF document")]
    [InlineData("504B030414000000", "a ZIP archive")]
    [InlineData("49443303000000", "sound alone")]
    [InlineData("52494646000000005741564566", "sound alone")]
    [InlineData("0000001C66747970686569630000", "a HEIF or AVIF picture")]
    [InlineData("00000018667479704D34412000000000", "sound alone")]
    [InlineData("1F8B080000000000", "an archive or compressed data")]
    [InlineData("FD377A585A000004", "an archive or compressed data")]
    [InlineData("FFFE410042000D00", "plain text")]
    [InlineData("234558544D33550AE90A", "plain text")]
    [InlineData("23455854", "plain text")]
    public void What_is_neither_is_named(string bytes, string name)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("clip.mp4", Convert.FromHexString(bytes));
        Assert.Contains(name, Assert.Throws<BadInputException>(() => MediaFile.Detect(path)).Message);
    }

    [Theory]
    [InlineData("0001020304050607")]
    [InlineData("0001020304050607234558544D3355")] // a play list further on
    public void What_no_decoder_knows_either_is_unknown(string bytes)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("clip.mp4", Convert.FromHexString(bytes));
        Assert.Equal(MediaKind.Clip, MediaFile.Detect(path)); // until a decoder has said otherwise
        foreach (string backend in (string[])["opencv", "ffmpeg"])
        {
            string message = Assert.Throws<BadInputException>(()
                => Clip.Open(path, new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken)).Message;
            Assert.Contains("unknown data (it begins with 0001020304050607), neither a picture", message);
        }
    }

    /// <summary>FFmpeg would open the clip that they name.</summary>
    [Theory]
    [InlineData("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{0}\n#EXT-X-ENDLIST\n")]
    [InlineData("ffconcat version 1.0\nfile '{0}'\n")]
    [InlineData("#EXTM3U\n#caf\u00e9\u0001\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{0}\n#EXT-X-ENDLIST\n")] // no text by its characters
    public void Play_lists_are_never_followed(string list)
    {
        using var folder = new TemporaryFolder();
        string clip = Path.Combine(Golden.Repository, "Samples/ShapesWorld/clips/demo.mp4");
        File.Copy(clip, Path.Combine(folder.Path, "demo.mp4"));
        string path = folder.File("list.mp4", Encoding.Latin1.GetBytes(string.Format(CultureInfo.InvariantCulture, list, "demo.mp4")));
        foreach (string backend in (string[])["opencv", "ffmpeg"])
        {
            Assert.Contains("neither a picture", Assert.Throws<BadInputException>(()
                => Clip.Open(path, new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken)).Message);
        }
    }

    /// <summary>As cameras and screen recorders write them; the names say nothing.</summary>
    [Theory]
    [InlineData("apng", "-f apng", "opencv"), InlineData("apng", "-f apng", "ffmpeg")]
    [InlineData("mjpeg", "-pix_fmt yuvj420p -f mjpeg", "opencv"), InlineData("mjpeg", "-pix_fmt yuvj420p -f mjpeg", "ffmpeg")]
    public void Animated_png_and_motion_jpeg_give_all_their_frames(string demuxer, string encoding, string backend)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "picture");
        SequentialDecode.Run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25", "-frames:v", "7", .. encoding.Split(' '),
            path]);
        Assert.Equal(MediaKind.Clip, MediaFile.Detect(path));
        using Clip clip = Clip.Open(path, new ClipOptions { Backend = backend }, TestContext.Current.CancellationToken);
        SequentialDecode expected = SequentialDecode.Of(path, 64, 36, "-f", demuxer);
        Assert.Equal((7, 7), (expected.Frames.Count, clip.FrameCount));
        int at = 0;
        foreach (Frame frame in clip.Read([.. Enumerable.Range(0, 7)], TestContext.Current.CancellationToken))
            Assert.InRange(expected.Differs(at++, frame).Largest, 0, 3);
    }

    [Fact]
    public void A_second_picture_behind_a_jpeg_makes_no_clip_unless_it_is_alike()
    {
        using var folder = new TemporaryFolder();
        byte[] small = Jpeg(16, 16, []), other = Jpeg(16, 8, []), many = Jpeg(16, 16, [0xFF, 0xE2, 0, 6, .. "MPF\0"u8]);
        Assert.Equal(MediaKind.Clip, MediaFile.Detect(folder.File("two.jpg", [.. small, .. small])));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("one.jpg", small)));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("preview.jpg", [.. small, .. other])));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("mpo.jpg", [.. many, .. many])));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("cut.jpg", [.. small, .. small[..^2]])));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("padded.jpg", [.. small, 0, .. small])));

        // Markers alone: that is all that is looked at.
        static byte[] Jpeg(byte width, byte height, byte[] segment)
            => [0xFF, 0xD8, .. segment, 0xFF, 0xC0, 0, 11, 8, 0, height, 0, width, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 0xFF,
                0xD9];
    }

    [Fact]
    public void Missing_files_folders_devices_and_addresses_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<BadInputException>(() => MediaFile.Detect("nowhere.mp4")).Message);
        Assert.Contains("a folder", Assert.Throws<BadInputException>(() => MediaFile.Detect(Path.GetTempPath())).Message);
        Assert.Contains("addresses cannot be opened", Assert.Throws<BadInputException>(()
            => MediaFile.Detect("https://example.org/a.mp4")).Message);
        if (!OperatingSystem.IsWindows())
            Assert.Contains("a pipe or device", Assert.Throws<BadInputException>(() => MediaFile.Detect("/dev/zero")).Message);
    }

    [Fact]
    public void A_gif_is_a_clip_only_with_a_second_frame()
    {
        using var folder = new TemporaryFolder();
        byte[] head = [.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6];
        byte[] image = [0x21, 0xF9, 4, 0, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 0x01, 0];
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("one.gif", [.. head, .. image, 0x3B])));
        Assert.Equal(MediaKind.Clip, MediaFile.Detect(folder.File("two.gif", [.. head, .. image, .. image, 0x3B])));
        Assert.Equal(MediaKind.Picture, MediaFile.Detect(folder.File("cut.gif", [.. head, .. image[..12]])));
    }
}
