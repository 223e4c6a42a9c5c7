using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Preprocess;

public sealed class ResampleBytesTests
{
    /// <summary>The definition, in whole numbers without a limit: across, rounded to bytes, down, rounded to bytes, looked up.</summary>
    private static float[] Oracle(byte[] rgb, int frames, int height, int width, Axis columns, Axis rows, float[] table)
    {
        var y = new List<float>();
        for (int f = 0; f < frames; f++)
        {
            for (int c = 0; c < 3; c++)
            {
                for (int j = 0; j < rows.Starts.Length; j++)
                {
                    for (int i = 0; i < columns.Starts.Length; i++)
                        y.Add(table[c * 256 + Sum(rows, j, r => Sum(columns, i, x => rgb[((f * height + r) * width + x) * 3 + c]))]);
                }
            }
        }
        return [.. y];

        static int Sum(Axis axis, int output, Func<int, int> number)
        {
            Int128 sum = Int128.One << (axis.Precision - 1);
            for (int k = 0; k < axis.Taps; k++) sum += (Int128)axis.Weights[output * axis.Taps + k] * number(axis.Starts[output] + k);
            return (int)Int128.Clamp(sum >> axis.Precision, 0, 255);
        }
    }

    /// <summary>Device, frames, height, width, rows and columns of the result, precision.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1, 1, 22), (2, 5, 9, 3, 4, 22), (3, 31, 2, 7, 5, 14), (1, 8, 33, 8, 33, 15) }
           select new TheoryDataRow<string, int, int, int, int, int,
               int>(device, size.Item1, size.Item2, size.Item3, size.Item4, size.Item5, size.Item6);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Pixel_values_equal_the_definition_bit_for_bit(string device, int frames, int height, int width, int rows, int columns,
        int precision)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), height + width);
        Axis across = Axis.Random(rig.Random, width, columns, precision), down = Axis.Random(rig.Random, height, rows, precision);
        byte[] rgb = new byte[frames * height * width * 3];
        rig.Random.NextBytes(rgb);
        float[] table = rig.Numbers(3 * 256);
        Matrix y = rig.Result(frames * 3 * rows, columns);
        using FixedPointAxis x = across.Upload(rig.Queue), z = down.Upload(rig.Queue);
        ResampleBytes.Run(rig.Queue, rig.Frames(rgb, frames, height, width), x, z, rig.View(table, 3, 256), y);
        Assert.Equal(Oracle(rgb, frames, height, width, across, down, table), rig.Read(y));
    }

    [Fact]
    public void Axes_that_reach_outside_of_the_frame_and_buffers_too_small_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        using FixedPointAxis three = new(rig.Queue, [0, 1], [1, 1, 1, 1], 1), low = new(rig.Queue, [-1], [1], 1);
        Matrix table = rig.View(new float[768], 3, 256), y = rig.Result(3 * 2, 2);
        ResampleBytes.Run(rig.Queue, rig.Frames(new byte[27], 1, 3, 3), three, three, table, y);
        Assert.Throws<ArgumentException>(() => ResampleBytes.Run(rig.Queue, rig.Frames(new byte[18], 1, 3, 2), three, three, table, y));
        Assert.Throws<ArgumentException>(() => ResampleBytes.Run(rig.Queue, rig.Frames(new byte[18], 1, 2, 3), three, three, table, y));
        Assert.Throws<ArgumentException>(() => ResampleBytes.Run(rig.Queue, rig.Frames(new byte[26], 1, 3, 3), three, three, table, y));
        Assert.Throws<ArgumentException>(() => ResampleBytes.Run(rig.Queue, rig.Frames(new byte[27], 1, 3, 3), three, low, table,
            rig.Result(3, 2)));
    }

    private sealed record Axis(int[] Starts, int[] Weights, int Taps, int Precision)
    {
        /// <summary>Weights between -1/4 and 1 that add up to about 1, at random places.</summary>
        public static Axis Random(Random random, int input, int output, int precision)
        {
            int taps = Math.Min(input, 1 + random.Next(7));
            int[] weights = [.. Enumerable.Range(0, output * taps)
                .Select(_ => (int)((random.NextDouble() * 1.25 - 0.25) * 2 / taps * (1 << precision)))];
            return new Axis([.. Enumerable.Range(0, output).Select(_ => random.Next(input - taps + 1)).Order()], weights, taps, precision);
        }

        public FixedPointAxis Upload(ComputeQueue queue) => new(queue, Starts, Weights, Precision);
    }
}
