using EdgeVideoLlava.Runtime.Video;
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

    [Fact]
    public void Missing_files_folders_devices_and_addresses_are_named()
    {
        Assert.Contains("no such file", Assert.Throws<BadInputException>(() => MediaFile.Detect("nowhere.mp4")).Message);
        Assert.Contains("a folder", Assert.Throws<BadInputException>(() => MediaFile.Detect(Path.GetTempPath())).Message);
        Assert.Contains("addresses cannot be opened", Assert.Throws<BadInputException>(()
            => MediaFile.Detect("https://example.org/a.mp4")).Message);
        if (!OperatingSystem.IsWindows())
            Assert.Contains("no ordinary file", Assert.Throws<BadInputException>(() => MediaFile.Detect("/dev/zero")).Message);
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
