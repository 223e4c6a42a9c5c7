using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

public sealed class RmsNormTests(ITestOutputHelper output)
{
    /// <summary>The definition: y = x / sqrt(mean(x²) + ε) · w.</summary>
    private static Expected[] Oracle(float[] x, float[] w, int rows, float epsilon)
    {
        int columns = w.Length;
        var y = new Expected[rows * columns];
        for (int t = 0; t < rows; t++)
        {
            double squares = 0;
            for (int c = 0; c < columns; c++) squares += (double)x[t * columns + c] * x[t * columns + c];
            double scale = 1 / Math.Sqrt(squares / columns + epsilon);
            for (int c = 0; c < columns; c++)
            {
                double value = x[t * columns + c] * scale * w[c];
                y[t * columns + c] = new Expected(value, Math.Abs(value));
            }
        }
        return y;
    }

    public static IEnumerable<TheoryDataRow<string, int, int, float>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1), (3, 31), (2, 32), (1, 33), (5, 127), (2, 4096) }
           from scale in new[] { 1f, 1e-3f, 300f }
           where scale == 1f || !device.StartsWith(nameof(TestDevice.IlgpuCpu)) // every item is a thread there
           select new TheoryDataRow<string, int, int, float>(device, size.Item1, size.Item2, scale);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rows_equal_the_definition(string device, int rows, int columns, float scale)
    {
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), rows, columns, scale);
        Expected.Check(output, $"({rows}, {columns})", got, expected);
    }

    [Fact]
    public void A_row_of_zeros_stays_zero()
    {
        foreach (string device in KernelDevices.Present)
            Assert.All(Run(KernelDevices.Get(device), 2, 40, 0).Got, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, 37, 130, 1).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, int rows, int columns, float scale)
    {
        using var rig = new KernelRig(device, rows + columns);
        float[] x = rig.Numbers(rows * columns, scale), w = rig.Numbers(columns);
        Matrix y = rig.Result(rows, columns);
        RmsNorm.Run(rig.Queue, rig.View(x, rows, columns), rig.Vector(w), 1e-5f, y);
        return (rig.Read(y), Oracle(x, w, rows, 1e-5f));
    }
}
