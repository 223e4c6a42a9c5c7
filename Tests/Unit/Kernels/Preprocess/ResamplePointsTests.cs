using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Preprocess;

public sealed class ResamplePointsTests(ITestOutputHelper output)
{
    /// <summary>The definition: the weighted sum of the points' colours, the background's outside of the frame, less
    /// the mean, by the deviation.</summary>
    private static Expected[] Oracle(byte[] rgb, int frames, int height, int width, Axis columns, Axis rows, float[] colours)
    {
        int down = rows.Positions.Length / rows.Taps, across = columns.Positions.Length / columns.Taps;
        var y = new Expected[frames * 3 * down * across];
        for (int at = 0; at < y.Length; at++)
        {
            int i = at % across, j = at / across % down, c = at / across / down % 3, f = at / across / down / 3;
            double sum = 0, terms = 0, mean = colours[c * 259 + 257], deviation = colours[c * 259 + 258];
            for (int k = 0; k < rows.Taps; k++)
            {
                for (int l = 0; l < columns.Taps; l++)
                {
                    int r = rows.Positions[j * rows.Taps + k], x = columns.Positions[i * columns.Taps + l];
                    bool inside = r >= 0 && r < height && x >= 0 && x < width;
                    double term = (double)rows.Weights[j * rows.Taps + k] * columns.Weights[i * columns.Taps + l]
                        * colours[c * 259 + (inside ? rgb[((f * height + r) * width + x) * 3 + c] : 256)];
                    sum += term;
                    terms += Math.Abs(term);
                }
            }
            y[at] = new Expected((sum - mean) / deviation, (terms + Math.Abs(mean)) / Math.Abs(deviation));
        }
        return y;
    }

    /// <summary>Device, frames, height, width, rows and columns of the result, taps.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1, 1, 1), (2, 5, 9, 3, 4, 2), (3, 31, 2, 7, 5, 4), (1, 8, 33, 8, 33, 4) }
           select new TheoryDataRow<string, int, int, int, int, int,
               int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Pixel_values_equal_the_definition(string device, int frames, int height, int width, int rows, int columns, int taps)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), height + width);
        Axis across = Axis.Random(rig, width, columns, taps), down = Axis.Random(rig, height, rows, taps);
        byte[] rgb = new byte[frames * height * width * 3];
        rig.Random.NextBytes(rgb);
        float[] colours = rig.Numbers(3 * 259);
        for (int c = 0; c < 3; c++) colours[c * 259 + 258] = 0.3f + c;
        Matrix y = rig.Result(frames * 3 * rows, columns);
        using PointAxis x = across.Upload(rig.Queue), z = down.Upload(rig.Queue);
        ResamplePoints.Run(rig.Queue, rig.Frames(rgb, frames, height, width), x, z, rig.View(colours, 3, 259), y);
        Expected.Check(output, $"{frames} of {height} x {width}", rig.Read(y), Oracle(rgb, frames, height, width, across, down, colours));
    }

    private sealed record Axis(int[] Positions, float[] Weights, int Taps)
    {
        /// <summary>Places from two before the frame to two behind it.</summary>
        public static Axis Random(KernelRig rig, int input, int output, int taps)
            => new([.. Enumerable.Range(0, output * taps).Select(_ => rig.Random.Next(-2, input + 2))], rig.Numbers(output * taps), taps);

        public PointAxis Upload(ComputeQueue queue) => new(queue, Positions, Weights, Taps);
    }
}
