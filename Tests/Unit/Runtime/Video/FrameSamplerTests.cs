using System.Text.Json;
using EdgeVideoLlava.Runtime.Video.Frames;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

public sealed class FrameSamplerTests
{
    [Fact]
    public void Indices_equal_numpys_for_every_golden_length()
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllBytes(Golden.Path("preprocessing/indices/indices.json")));
        int rows = 0;
        foreach (JsonElement row in file.RootElement.GetProperty("rows").EnumerateArray())
        {
            int n = row.GetProperty("frames").GetInt32();
            Assert.Equal(Numbers(row.GetProperty("linspace_original")), FrameSampler.Linspace(n, 8));
            Assert.Equal(Numbers(row.GetProperty("arange_hf")), FrameSampler.ArangeHf(n, 8));
            rows++;
        }
        Assert.True(rows > 20);
    }

    [Fact]
    public void Both_rules_are_integer_divisions_for_eight_frames()
    {
        for (int n = 1; n <= 20_000; n++)
        {
            int[] linspace = FrameSampler.Linspace(n, 8), arange = FrameSampler.ArangeHf(n, 8);
            for (int i = 0; i < 8; i++) Assert.True(linspace[i] == i * (n - 1) / 7 && arange[i] == i * n / 8, $"n = {n}, i = {i}");
        }
    }

    [Fact]
    public void The_last_window_is_kept_from_half_its_length_on()
    {
        Assert.Equal([(0, 4), (4, 8)], Spans(Seconds(9.9), 4, 4));
        Assert.Equal([(0, 4), (4, 8), (8, 10)], Spans(Seconds(10), 4, 4));
        Assert.Equal([(0, 4), (4, 8)], Spans(Seconds(8), 4, 4));
        Assert.Equal([(0, 0.5)], Spans(Seconds(0.5), 4, 4));
        Assert.Equal([(0, 2), (3, 5), (6, 8), (9, 10)], Spans(Seconds(10), 2, 3));
        Assert.Equal([(0, 4), (1, 5), (2, 6), (3, 6)], Spans(Seconds(6), 4, 1));
    }

    /// <summary>Containers round time stamps: an end within 2 ms of the clip's is the window's, another the clip's.</summary>
    [Theory]
    [InlineData(7.997, 7.997), InlineData(7.999, 8), InlineData(8.001, 8), InlineData(8.003, 8)]
    [InlineData(5.997, 4), InlineData(5.999, 5.999)] // half a window is kept
    public void An_end_that_misses_a_windows_by_a_millisecond_is_that_windows(double duration, double last)
    {
        (double Start, double End)[] spans = Spans(Seconds(duration), 4, 4);
        Assert.Equal(last > 4 ? [(0, 4), (4, last)] : [(0, 4)], spans);
    }

    /// <summary>Where fewer frames begin than are chosen, what was on screen before counts too.</summary>
    [Fact]
    public void A_window_shows_what_is_on_screen_in_it()
    {
        TimeSpan[] times = [.. new double[] { 0, 1, 1.9, 2, 3.5, 9 }.Select(TimeSpan.FromSeconds)];
        IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(times, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2),
            TimeSpan.FromSeconds(2), 3);
        Assert.Equal([0, 2, 4, 6, 8], windows.Select(window => window.Start.TotalSeconds));
        Assert.Equal([0, 1, 2], windows[0].Indices);
        Assert.Equal([3, 3, 4], windows[1].Indices);
        Assert.Equal([4, 4, 4], windows[2].Indices);
        Assert.Equal([4, 4, 4], windows[3].Indices);
        Assert.Equal([4, 5, 5], windows[4].Indices);
    }

    [Fact]
    public void Windows_begin_with_the_first_frame_on_the_files_clock()
    {
        TimeSpan[] times = [.. Enumerable.Range(0, 60).Select(i => TimeSpan.FromSeconds(5 + i / 10.0))];
        IReadOnlyList<FrameWindow> windows = FrameSampler.Windows(times, TimeSpan.FromSeconds(11), TimeSpan.FromSeconds(4),
            TimeSpan.FromSeconds(4), 3);
        Assert.Equal([(5.0, 9.0), (9.0, 11.0)], windows.Select(window => (window.Start.TotalSeconds, window.End.TotalSeconds)));
        Assert.Equal([0, 19, 39], windows[0].Indices);
    }

    [Fact]
    public void Nothing_to_choose_from_is_an_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameSampler.Linspace(0, 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameSampler.ArangeHf(8, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameSampler.Windows([], TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
    }

    /// <summary>Frame times of a clip of so many seconds at 10 frames a second, and its length.</summary>
    private static (TimeSpan[] Times, TimeSpan Duration) Seconds(double length)
        => ([.. Enumerable.Range(0, (int)Math.Round(10 * length)).Select(i => TimeSpan.FromSeconds(i / 10.0))],
            TimeSpan.FromSeconds(length));

    private static (double, double)[] Spans((TimeSpan[] Times, TimeSpan Duration) clip, double window, double every)
        => [.. FrameSampler.Windows(clip.Times, clip.Duration, TimeSpan.FromSeconds(window), TimeSpan.FromSeconds(every))
            .Select(found => (found.Start.TotalSeconds, found.End.TotalSeconds))];

    private static IEnumerable<int> Numbers(JsonElement array) => array.EnumerateArray().Select(value => value.GetInt32());
}
