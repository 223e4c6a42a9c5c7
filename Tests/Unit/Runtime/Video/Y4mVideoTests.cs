using System.Text;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class Y4mVideoTests(ITestOutputHelper output)
{
    /// <summary>The oracle: ITU-R BT.601 from the luma weights 0.299 and 0.114, each product rounded down, its factor taken with 13
    /// fractional bits.</summary>
    private static double[] Rgb(int y, int u, int v, bool full)
    {
        const double kr = 0.299, kb = 0.114, kg = 1 - kr - kb;
        double l = Product(full ? 1 : 255.0 / 219, full ? y : y - 16), chroma = full ? 1 : 255.0 / 224;
        double red = 2 * (1 - kr) * chroma, blue = 2 * (1 - kb) * chroma;
        return [l + Product(red, v - 128), l + Product(-blue * kb / kg, u - 128) + Product(-red * kr / kg, v - 128), l + Product(blue, u - 128)];

        static double Product(double factor, int level) => Math.Floor(Math.Round(factor * 8192) / 8192 * level);
    }

    [Theory]
    [InlineData("C420jpeg XCOLORRANGE=LIMITED", 2, 2, false, false)]
    [InlineData("C420mpeg2", 2, 2, false, false)]
    [InlineData("C422", 2, 1, false, false)]
    [InlineData("C444 XCOLORRANGE=FULL", 1, 1, false, true)]
    [InlineData("C444 XCOLORRANGE=FULL XYSCSS=444 XMADEBY=us", 1, 1, false, true)]
    [InlineData("XYSCSS=422 C422 XCOLORRANGE=FULL", 2, 1, false, true)]
    [InlineData("Cmono", 1, 1, true, false)]
    [InlineData("", 2, 2, false, false)]
    public void Planes_become_rgb_by_bt601(string colour, int chromaX, int chromaY, bool mono, bool full)
    {
        const int width = 5, height = 4;
        var random = new Random(7);
        int chromaWidth = (width + chromaX - 1) / chromaX, chroma = chromaWidth * ((height + chromaY - 1) / chromaY);
        var planes = new byte[width * height + (mono ? 0 : 2 * chroma)];
        random.NextBytes(planes);
        using var folder = new TemporaryFolder();
        using Clip clip = Open(folder, $"YUV4MPEG2 W{width} H{height} F25:1 Ip A1:1 {colour}\n", "FRAME\n", planes);
        Frame frame = Assert.Single(clip.Read([0], TestContext.Current.CancellationToken));
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int at = width * height + y / chromaY * chromaWidth + x / chromaX;
                double[] expected = Rgb(planes[y * width + x], mono ? 128 : planes[at], mono ? 128 : planes[at + chroma], full);
                for (int c = 0; c < 3; c++) Assert.Equal(Math.Clamp(expected[c], 0, 255), frame.Rgb[(y * width + x) * 3 + c]);
            }
        }
    }

    [Theory, InlineData("small_64x36.y4m"), InlineData("odd_33x17.y4m")]
    public void Pixels_are_those_of_ffmpeg_within_3_levels(string file)
    {
        Assert.SkipUnless(FfmpegProgram.IsAvailable, "needs the programs ffmpeg and ffprobe");
        string path = Golden.Data($"video/edge/{file}");
        using Clip own = Clip.Open(path, cancellation: TestContext.Current.CancellationToken);
        using Clip other = Clip.Open(path, new ClipOptions { Backend = "ffmpeg" }, TestContext.Current.CancellationToken);
        Assert.Equal(other.Times, own.Times);
        int[] all = [.. Enumerable.Range(0, own.FrameCount)];
        byte[] a = [.. own.Read(all, TestContext.Current.CancellationToken).SelectMany(frame => frame.Rgb)];
        byte[] b = [.. other.Read(all, TestContext.Current.CancellationToken).SelectMany(frame => frame.Rgb)];
        int[] differences = [.. a.Zip(b, (x, y) => Math.Abs(x - y))];
        output.WriteLine($"{file}: largest difference {differences.Max()}, mean {differences.Average():f3}");
        Assert.True(differences.Max() <= 3 && differences.Average() <= 1, $"largest {differences.Max()}, mean {differences.Average()}");
    }

    [Fact]
    public void Frame_lines_may_carry_parameters_and_a_cut_frame_is_left_out()
    {
        using var folder = new TemporaryFolder();
        var notices = new List<string>();
        byte[] gray = [10, 20, 30, 40];
        byte[] file = [.. "YUV4MPEG2 W2 H2 F30000:1001 Cmono\nFRAME Ip\n"u8, .. gray, .. "FRAME\n"u8, .. gray, .. "FRAME\n"u8, 1];
        using Clip clip = Clip.Open(folder.File("cut.y4m", file), new ClipOptions { Notice = notices.Add },
            TestContext.Current.CancellationToken);
        Assert.Equal(2, clip.FrameCount);
        Assert.Equal(1001.0 / 30000, clip.Times[1].TotalSeconds, 1e-6);
        Assert.Contains("ends inside a frame", Assert.Single(notices));
    }

    [Theory]
    [InlineData("YUV4MPEG2 W2 H2 C420p10\nFRAME\n", "C420p10")]
    [InlineData("YUV4MPEG2 W0 H2 Cmono\nFRAME\n", "0 x 2 pixels")]
    [InlineData("YUV4MPEG2 W-2 H2 Cmono\nFRAME\n", "W-2")]
    [InlineData("YUV4MPEG2 W99999999999 H2 Cmono\nFRAME\n", "W99999999999")]
    [InlineData("YUV4MPEG2 W2000000000 H2000000000 C444\nFRAME\n", "pixels, more than")]
    [InlineData("YUV4MPEG2 W2 H2 Cmono", "does not end")]
    [InlineData("YUV4MPEG2 W2 H2 Cmono\n", "no whole frame")]
    [InlineData("YUV4MPEG2 W2 H2 Cmono\nFROME\n1234", "does not begin with FRAME")]
    public void A_hostile_header_is_refused(string text, string reason)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("bad.y4m", Encoding.ASCII.GetBytes(text));
        Assert.Contains(reason, Assert.Throws<BadInputException>(()
            => Clip.Open(path, cancellation: TestContext.Current.CancellationToken)).Message);
    }

    [Fact]
    public void A_header_without_an_end_is_read_no_further_than_its_ceiling()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("long.y4m", [.. "YUV4MPEG2 "u8, .. new byte[100_000].Select(_ => (byte)'x')]);
        Assert.Contains("longer than", Assert.Throws<BadInputException>(()
            => Clip.Open(path, cancellation: TestContext.Current.CancellationToken)).Message);
    }

    private static Clip Open(TemporaryFolder folder, string header, string frame, byte[] planes)
        => Clip.Open(folder.File("made.y4m", [.. Encoding.ASCII.GetBytes(header), .. Encoding.ASCII.GetBytes(frame), .. planes]),
            cancellation: TestContext.Current.CancellationToken);
}
