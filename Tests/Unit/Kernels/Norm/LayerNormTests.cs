using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

public sealed class LayerNormTests(ITestOutputHelper output)
{
    /// <summary>The definition: y = (x − mean) / sqrt(var + ε) · w + b, var over all columns.</summary>
    private static Expected[] Oracle(float[] x, float[] w, float[] b, int rows, float epsilon)
    {
        int columns = w.Length;
        var y = new Expected[rows * columns];
        for (int t = 0; t < rows; t++)
        {
            double sum = 0, magnitude = 0, squares = 0;
            for (int c = 0; c < columns; c++)
            {
                sum += x[t * columns + c];
                magnitude += Math.Abs((double)x[t * columns + c]);
            }
            double mean = sum / columns;
            for (int c = 0; c < columns; c++) squares += Math.Pow(x[t * columns + c] - mean, 2);
            double scale = 1 / Math.Sqrt(squares / columns + epsilon);
            for (int c = 0; c < columns; c++)
            {
                // What is summed: x and the terms of the mean, both scaled, and the bias.
                double terms = (Math.Abs((double)x[t * columns + c]) + magnitude / columns) * scale * Math.Abs(w[c]) + Math.Abs(b[c]);
                y[t * columns + c] = new Expected((x[t * columns + c] - mean) * scale * w[c] + b[c], terms);
            }
        }
        return y;
    }

    public static IEnumerable<TheoryDataRow<string, int, int, float>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1), (3, 31), (2, 32), (1, 33), (5, 127), (3, 1024) }
           from offset in new[] { 0f, 30f }
           select new TheoryDataRow<string, int, int, float>(device, size.Item1, size.Item2, offset);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rows_equal_the_definition(string device, int rows, int columns, float offset)
    {
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), rows, columns, 1, offset);
        Expected.Check(output, $"({rows}, {columns}) + {offset}", got, expected);
    }

    [Fact]
    public void A_constant_row_gives_the_bias()
    {
        foreach (string device in KernelDevices.Present)
        {
            (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), 2, 40, 0, 0);
            Expected.Check(output, device, got, expected);
        }
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, 37, 130, 1, 1).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, int rows, int columns, float scale, float offset)
    {
        using var rig = new KernelRig(device, rows + columns);
        float[] x = [.. rig.Numbers(rows * columns, scale).Select(value => value + offset)], w = rig.Numbers(columns),
            b = rig.Numbers(columns);
        Matrix y = rig.Result(rows, columns);
        LayerNorm.Run(rig.Queue, rig.View(x, rows, columns), rig.Vector(w), rig.Vector(b), 1e-5f, y);
        return (rig.Read(y), Oracle(x, w, b, rows, 1e-5f));
    }
}
