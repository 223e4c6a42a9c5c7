using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Which windows pass: pictures with a square whose brightness is given, windows of four seconds.</summary>
public sealed class ChangeGateTests
{
    private const int Side = 96;

    /// <summary>The square's brightness above gray in each window (two frames: "from,to"), and which windows pass.</summary>
    [Theory]
    [InlineData("50 50 50 50", "1000")] // still
    [InlineData("50 120 120 50", "1101")] // appears, disappears
    [InlineData("50 50,120 50", "111")] // within the window: at its end it is another, then it is back
    [InlineData("50 54 54 50", "1000")] // under the threshold
    [InlineData("50 60 64 65 80", "11101")] // once it moves, less suffices; still again, it takes more
    [InlineData("50 52 54 57 59 61 64", "1001001")] // a slow change adds up
    public void Windows_pass_that_changed(string windows, string expected)
    {
        var gate = new ChangeGate(ChangeGateOptions.Default);
        Assert.Equal(expected, string.Concat(windows.Split(' ').Select((levels, i) => gate.Passes(Window(i, levels)) ? '1' : '0')));
    }

    [Fact]
    public void A_still_picture_passes_again_after_the_refresh_time()
    {
        var gate = new ChangeGate(ChangeGateOptions.Default with { Refresh = TimeSpan.FromSeconds(12) });
        Assert.Equal("1001001", string.Concat(Enumerable.Range(0, 7).Select(i => gate.Passes(Window(i, "50")) ? '1' : '0')));
    }

    [Fact]
    public void Noise_and_an_exposure_that_adjusts_itself_do_not_pass_and_a_light_that_goes_out_does()
    {
        var gate = new ChangeGate(ChangeGateOptions.Default with { Refresh = TimeSpan.FromHours(1) });
        var random = new Random(1);
        Assert.True(gate.Passes(Window(0, Noisy(random, 100))));
        for (int i = 1; i < 20; i++) Assert.False(gate.Passes(Window(i, Noisy(random, 100 + i % 9))), $"window {i}");
        Assert.True(gate.Passes(Window(20, Noisy(random, 60))));
    }

    private static PixelWindow Window(int index, string levels)
        => Window(index, [.. levels.Split(',').Select(level => Square(int.Parse(level)))]);

    private static PixelWindow Window(int index, params Frame[] frames)
        => new(TimeSpan.FromSeconds(4 * index), TimeSpan.FromSeconds(4 * index + 4), new PixelValues([], 0, 0, IsClip: true))
        {
            Looks = [.. frames.Select(frame => new Thumbnail(frame))],
        };

    private static Frame Square(int level)
    {
        var gray = new byte[Side * Side];
        Array.Fill(gray, (byte)100);
        for (int y = 30; y < 50; y++) gray.AsSpan(y * Side + 40, 20).Fill((byte)(100 + level));
        return Frame.FromPixels(gray, Side, Side, PixelFormat.Gray);
    }

    /// <summary>Gray with a deviation of five levels, as a webcam's in the evening.</summary>
    private static Frame Noisy(Random random, int level)
    {
        var gray = new byte[640 * 480];
        foreach (ref byte pixel in gray.AsSpan()) pixel = (byte)(level + random.Next(-9, 10));
        return Frame.FromPixels(gray, 640, 480, PixelFormat.Gray);
    }
}
