using System.Security.Cryptography;
using System.Text.Json;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class PicturesTests(ITestOutputHelper output)
{
    private static readonly PictureOptions AsStored = new() { Exif = ExifHandling.Ignore };

    [Fact]
    public void Lossless_pictures_equal_the_references_pixels_and_jpegs_are_near()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("preprocessing/inputs/inputs.json")));
        foreach (JsonElement entry in file.RootElement.GetProperty("files_as_decoded_by_pillow").EnumerateArray())
        {
            string name = entry.GetProperty("file").GetString()!;
            Frame frame = Pictures.Read(Golden.Data(name), AsStored);
            Assert.Equal((entry.GetProperty("width").GetInt32(), entry.GetProperty("height").GetInt32()), (frame.Width, frame.Height));
            string hash = Convert.ToHexStringLower(SHA256.HashData(frame.Rgb));
            if (!name.EndsWith(".jpg", StringComparison.Ordinal))
                Assert.True(hash == entry.GetProperty("rgb_sha256").GetString(), $"{name} differs");
            for (int channel = 0; channel < 3; channel++)
                Assert.Equal(entry.GetProperty("rgb_mean")[channel].GetDouble(), Mean(frame, channel), 1.0);
        }
    }

    [Theory]
    [InlineData("base_120x80_adam7.png")]
    [InlineData("base_120x80_rgb16.png")]
    [InlineData("base_120x80.bmp")]
    [InlineData("base_120x80_lossless.webp")]
    [InlineData("rgba_120x80.png")]
    [InlineData("rgba_120x80.webp")]
    [InlineData("png_named.jpg")]
    public void Every_lossless_form_of_the_base_picture_has_its_pixels(string file)
    {
        Frame frame = Edge(file), expected = Edge("base_120x80.png");
        Assert.Equal((120, 80), (frame.Width, frame.Height));
        Assert.Equal(0, Difference(frame, expected).Largest);
        Assert.Equal([218, 208, 204], expected.Rgb[((40 * 120 + 60) * 3)..][..3]);
    }

    [Theory]
    [InlineData("gray16_120x80.png")]
    [InlineData("gray_alpha_120x80.png")]
    public void Gray_becomes_three_equal_channels_of_the_high_byte(string file)
    {
        Frame frame = Edge(file), expected = Edge("gray8_120x80.png");
        Assert.Equal(0, Difference(frame, expected).Largest);
        Assert.Equal([175, 175, 175], frame.Rgb[..3]);
        Assert.Equal([211, 211, 211], frame.Rgb[((40 * 120 + 60) * 3)..][..3]);
    }

    [Fact]
    public void One_bit_becomes_black_and_white()
    {
        Frame frame = Edge("bilevel_120x80.png");
        Assert.Equal([(byte)0, (byte)255], frame.Rgb.Distinct().Order());
    }

    [Theory]
    [InlineData("jpeg_444_120x80.jpg", 2.14)]
    [InlineData("jpeg_422_120x80.jpg", 2.4)]
    [InlineData("jpeg_420_120x80.jpg", 2.7)]
    [InlineData("jpeg_progressive_120x80.jpg", 2.14)]
    [InlineData("jpeg_restart_120x80.jpg", 2.14)]
    [InlineData("jpeg_cmyk_adobe_120x80.jpg", 1.6)]
    public void Every_kind_of_jpeg_is_near_the_base_picture(string file, double mean)
    {
        double difference = Difference(Edge(file), Edge("base_120x80.png")).Mean;
        output.WriteLine($"{file}: mean difference {difference:f2}, reference {mean}");
        Assert.InRange(difference, 0.5, mean + 0.4);
    }

    [Fact]
    public void Recoded_jpegs_decode_alike_and_gray_stays_gray()
    {
        Assert.Equal(0, Difference(Edge("jpeg_restart_120x80.jpg"), Edge("jpeg_444_120x80.jpg")).Largest);
        Assert.Equal(0, Difference(Edge("jpeg_progressive_120x80.jpg"), Edge("jpeg_444_120x80.jpg")).Largest);
        Frame gray = Edge("jpeg_gray_120x80.jpg");
        Assert.All(gray.Rgb.Chunk(3), pixel => Assert.Single(pixel.Distinct()));
        Assert.True(Difference(gray, Edge("gray8_120x80.png")).Mean < 3);
        Assert.Equal([12.0, 200.0, 99.0], Edge("one_pixel.jpg").Rgb.Select(value => (double)value), (a, b) => Math.Abs(a - b) <= 2);
    }

    [Fact]
    public void How_far_jpeg_pixels_are_from_libjpegs_is_known()
    {
        // Largest and mean difference that docs/numerics.md states, per file: 4:4:4 differs by rounding, 4:2:0 by the upsampling of chroma.
        foreach ((string file, int largest, double mean) in ((string, int, double)[])[
            ("images/edge/jpeg_420_120x80.jpg", 69, 1.4), ("images/opencv/HappyFish.jpg", 69, 1.4),
            ("images/edge/one_pixel.jpg", 1, 1.0), ("images/edge/exif_orientation_6.jpg", 2, 0.1)])
        {
            using SafeTensors stored = Golden.Tensors("preprocessing/inputs/jpeg_decoded.safetensors");
            HostTensor pixels = stored[stored.Tensors.ContainsKey(file) ? file : file.Replace("/", "__")];
            var expected = new Frame(pixels.Span<byte>().ToArray(), (int)pixels.Shape[1], (int)pixels.Shape[0], TimeSpan.Zero);
            (int Largest, double Mean) found = Difference(Pictures.Read(Golden.Data(file), AsStored), expected);
            output.WriteLine($"{file}: largest difference {found.Largest}, mean {found.Mean:f3}");
            Assert.True(found.Largest <= largest && found.Mean <= mean, $"{file}: {found}");
        }
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8)]
    public void Every_orientation_is_turned_upright_unless_told_otherwise(int orientation)
    {
        string path = Golden.Data($"images/edge/exif_orientation_{orientation}.jpg");
        Frame upright = Pictures.Read(path), stored = Pictures.Read(path, AsStored), expected = Edge("jpeg_444_120x80.jpg");
        Assert.Equal((120, 80), (upright.Width, upright.Height));
        Assert.True(Difference(upright, expected).Largest <= 3);
        Assert.Equal(orientation < 5 ? (120, 80) : (80, 120), (stored.Width, stored.Height));
        if (orientation is 2 or 3 or 4) Assert.True(Difference(stored, expected).Mean > 20);
    }

    [Fact]
    public void Of_an_animation_the_first_frame_is_read()
    {
        Frame first = Edge("anim_3frames.gif");
        Assert.True(Mean(first, 0) > Mean(first, 1) + 10, "the first frame is tinted red");
        Assert.Contains("WebP", Assert.Throws<BadInputException>(() => Edge("anim_3frames.webp")).Message);
    }

    [Theory]
    [InlineData("images/edge/truncated_half.jpg", "ends early")]
    [InlineData("images/edge/truncated_header.jpg", "ends early")]
    [InlineData("images/skimage/truncated.jpg", "ends early")]
    [InlineData("images/edge/truncated_half.png", "broken PNG")]
    [InlineData("images/edge/corrupt_idat.png", "broken PNG")]
    [InlineData("images/edge/zero_byte.jpg", "empty")]
    [InlineData("images/edge/text_renamed.jpg", "plain text")]
    [InlineData("video/edge/frames_8.mp4", "a clip (MP4), not a picture")]
    [InlineData("video/edge/small_64x36.y4m", "a clip (YUV4MPEG2), not a picture")]
    public void What_is_broken_or_no_picture_is_refused_in_one_line(string file, string reason)
    {
        string message = Assert.Throws<BadInputException>(() => Pictures.Read(Golden.Data(file))).Message;
        Assert.Contains(reason, message);
        Assert.Contains(Path.GetFileName(file), message);
        Assert.DoesNotContain('\n', message);
        output.WriteLine(message);
    }

    [Theory, InlineData("base_120x80.bmp"), InlineData("base_120x80_lossless.webp"), InlineData("odd_501x337_lossy.webp"),
        InlineData("anim_3frames.gif"),
        InlineData("base_120x80.png"), InlineData("jpeg_420_120x80.jpg"), InlineData("jpeg_progressive_120x80.jpg")]
    public void A_picture_cut_anywhere_is_an_error_and_never_half_a_picture(string file)
    {
        byte[] whole = File.ReadAllBytes(Golden.Data($"images/edge/{file}"));
        using var folder = new TemporaryFolder();
        for (int percent = 5; percent < 100; percent += 13)
        {
            string path = folder.File("cut", whole[..(whole.Length * percent / 100)]);
            Exception? error = Record.Exception(() => Pictures.Read(path));
            // The first frame of an animation may be whole when the file is cut in a later one.
            if (error == null && file.EndsWith(".gif", StringComparison.Ordinal) && percent > 30) continue;
            Assert.True(error is BadInputException, $"{file} cut at {percent} %: {error?.GetType().Name ?? "no error"} {error?.Message}");
        }
    }

    [Fact]
    public void A_picture_wider_than_the_ceiling_is_refused_unless_it_is_raised()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("wide.bmp", Bitmap.Of(20_000, 2));
        string message = Assert.Throws<BadInputException>(() => Pictures.Read(path)).Message;
        Assert.Contains("20000 x 2 pixels, the longest side allowed is 16384", message);
        Assert.Equal(20_000, Pictures.Read(path, new PictureOptions { MaxSide = 20_000 }).Width);
        Assert.Contains("more than the 30000 allowed", Assert.Throws<BadInputException>(
            () => Pictures.Read(path, new PictureOptions { MaxSide = 20_000, MaxPixels = 30_000 })).Message);
    }

    [Fact]
    public void A_bitmap_made_here_has_its_colours_in_place()
    {
        using var folder = new TemporaryFolder();
        Frame frame = Pictures.Read(folder.File("small.bmp", Bitmap.Of(3, 2)));
        Assert.Equal([.. Enumerable.Range(0, 6).SelectMany(i => new[] { (byte)(200 + i), (byte)(100 + i), (byte)i })], frame.Rgb);
    }

    private static Frame Edge(string file) => Pictures.Read(Golden.Data($"images/edge/{file}"));

    private static double Mean(Frame frame, int channel) => frame.Rgb.Where((_, i) => i % 3 == channel).Average(value => (double)value);

    private static (int Largest, double Mean) Difference(Frame a, Frame b)
    {
        Assert.Equal((b.Width, b.Height), (a.Width, a.Height));
        int[] differences = [.. a.Rgb.Zip(b.Rgb, (x, y) => Math.Abs(x - y))];
        return (differences.Max(), differences.Average());
    }
}
