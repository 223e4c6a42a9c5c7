using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>Frames of a program's own: checked, and red is red whatever the layout.</summary>
public sealed class FrameTests
{
    public static TheoryData<string, byte[]> Layouts => new()
    {
        { "RGB", [1, 2, 3] }, { "BGR", [3, 2, 1] }, { "RGBA", [1, 2, 3, 99] }, { "BGRA", [3, 2, 1, 99] }, { "gray", [7] },
    };

    private static readonly PixelFormat[] Formats = [PixelFormat.Rgb, PixelFormat.Bgr, PixelFormat.Rgba, PixelFormat.Bgra, PixelFormat.Gray];

    /// <summary>2 x 3 pixels, rows dense and rows with a gap, which may be missing after the last.</summary>
    [Theory, MemberData(nameof(Layouts))]
    public void Pixels_of_every_layout_become_RGB(string name, byte[] pixel)
    {
        PixelFormat format = Formats.Single(format => format.Name == name);
        byte[] row = [.. pixel, .. pixel.Select(value => (byte)(value + 10))];
        byte[] expected = name == "gray" ? [7, 7, 7, 17, 17, 17] : [1, 2, 3, 11, 12, 13];
        Frame dense = Frame.FromPixels([.. row, .. row, .. row], 2, 3, format);
        Frame spaced = Frame.FromPixels([.. row, 0, 0, .. row, 0, 0, .. row], 2, 3, format, row.Length + 2, TimeSpan.FromSeconds(4));
        Assert.Equal<byte>([.. expected, .. expected, .. expected], dense.Rgb);
        Assert.Equal(dense.Rgb, spaced.Rgb);
        Assert.Equal((2, 3, TimeSpan.FromSeconds(4)), (spaced.Width, spaced.Height, spaced.Time));
    }

    [Fact]
    public void Pixels_that_do_not_fit_their_size_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Frame.FromPixels(new byte[17], 2, 3, PixelFormat.Rgb));
        Assert.Throws<ArgumentException>(() => Frame.FromPixels(new byte[100], 2, 3, PixelFormat.Rgb, stride: 5));
        Assert.Throws<ArgumentException>(() => Frame.FromPixels(new byte[18], 2, 3, PixelFormat.Rgba));
        Assert.Throws<ArgumentException>(() => Frame.FromPixels([], 0, 3, PixelFormat.Rgb));
        Assert.Throws<ArgumentException>(() => Frame.FromPixels([], 1 << 20, 1 << 20, PixelFormat.Gray));
        Assert.Throws<ArgumentException>(() => new Frame(new byte[24], 2, 3, TimeSpan.Zero)); // RGBA taken for RGB
        Assert.Throws<ArgumentException>(() => new Frame(new byte[18], -2, -3, TimeSpan.Zero));
    }

    [Fact]
    public void Memory_is_used_again_after_the_next_frame_and_not_before()
    {
        const int side = 19; // a size of this test's own
        IEnumerable<Frame> Frames()
        {
            for (int i = 0; i < 4; i++)
            {
                var frame = new Frame(FrameMemory.Allocate(side, side), side, side, TimeSpan.FromSeconds(i));
                frame.Rgb.AsSpan().Fill((byte)i);
                yield return frame;
                yield return frame;
            }
        }
        var seen = new List<byte[]>();
        foreach ((int i, Frame frame) in FrameMemory.Recycling(Frames()).Index())
        {
            Assert.All(frame.Rgb, value => Assert.Equal(i / 2, value));
            seen.Add(frame.Rgb);
        }
        Assert.Equal(8, seen.Count);
        Assert.Equal(2, seen.Distinct().Count()); // one is read while the next is filled
    }
}
