using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>Which windows pass by their features: two frames of three rows of eight numbers, windows of four seconds.</summary>
public sealed class FeatureGateTests
{
    private const int Frames = 2, Rows = 3, Width = 8;

    private static readonly FeatureGateOptions Options = FeatureGateOptions.Default with { Refresh = TimeSpan.FromHours(1) };

    private readonly Random random = new(5);

    /// <param name="turned">Degrees by which one frame's rows are turned from one place to the other.</param>
    private float[] Window(double turned, int frame = 1, double noise = 0)
    {
        var rows = new float[Frames * Rows * Width];
        for (int row = 0; row < Frames * Rows; row++)
        {
            double angle = row / Rows == frame ? turned * Math.PI / 180 : 0;
            (rows[row * Width], rows[row * Width + 1]) = ((float)(5 * Math.Cos(angle)), (float)(5 * Math.Sin(angle)));
            for (int i = 0; i < Width; i++) rows[row * Width + i] += (float)(noise * (random.NextDouble() - 0.5));
        }
        return rows;
    }

    private static string Passed(FeatureGate gate, IEnumerable<float[]> windows)
        => string.Concat(windows.Select((rows, i) => gate.Passes(rows, Width, Frames, TimeSpan.FromSeconds(4 * i + 4)) ? '1' : '0'));

    [Fact]
    public void A_window_passes_that_differs_from_the_last_one_told()
        => Assert.Equal("10010001", Passed(new FeatureGate(Options), [Window(0), Window(0), Window(3), Window(40), Window(40),
            Window(41), Window(38), Window(0)]));

    [Fact]
    public void One_frame_is_enough_and_the_distance_is_its_mean_over_the_patches()
    {
        var gate = new FeatureGate(Options);
        Assert.Equal("11", Passed(gate, [Window(0), Window(60, frame: 0)]));
        Assert.Equal(0.5, gate.Distance, 5); // 1 - cos 60°
        Assert.Equal("1", Passed(gate, [Window(60, frame: 1)]));
    }

    /// <summary>Distances of a restless picture are its own measure: windows alike in that stop passing, a real change does not.</summary>
    [Fact]
    public void The_threshold_follows_the_noise()
    {
        var gate = new FeatureGate(Options);
        string noisy = Passed(gate, [Window(0), .. Enumerable.Range(0, 40).Select(_ => Window(0, noise: 1))]);
        Assert.Contains('1', noisy[1..6]);
        Assert.InRange(noisy[20..].Count(passed => passed == '1'), 0, 4);
        Assert.InRange(gate.Threshold, Options.Least * 1.2, Options.Most);
        Assert.Equal("1", Passed(gate, [Window(60)]));
    }

    [Fact]
    public void However_restless_it_was_a_large_change_passes()
    {
        var gate = new FeatureGate(Options);
        Passed(gate, Enumerable.Range(0, 40).Select(i => Window(i % 2 * 90)));
        Assert.Equal(Options.Most, gate.Threshold);
        Assert.Equal("11", Passed(gate, [Window(45), Window(0)]));
    }

    [Fact]
    public void What_does_not_change_passes_again_after_the_refresh_time()
        => Assert.Equal("1001001", Passed(new FeatureGate(Options with { Refresh = TimeSpan.FromSeconds(12) }),
            Enumerable.Repeat(Window(0), 7)));
}
