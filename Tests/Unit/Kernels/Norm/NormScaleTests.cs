using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Norm;

/// <summary>What the norms keep for a backward: 1/rms, and mean with 1/std, of every row.</summary>
public sealed class NormScaleTests(ITestOutputHelper output)
{
    private const float Epsilon = 1e-5f;

    /// <summary>The definition: mean (0 for RMSNorm) and 1 / sqrt(mean((x − mean)²) + ε) of a row.</summary>
    internal static (Expected Mean, Expected Scale) Oracle(ReadOnlySpan<float> row, bool centred, float epsilon)
    {
        double sum = 0, magnitude = 0, squares = 0;
        foreach (float x in row)
        {
            sum += x;
            magnitude += Math.Abs((double)x);
        }
        double mean = centred ? sum / row.Length : 0;
        foreach (float x in row) squares += (x - mean) * (x - mean);
        double scale = 1 / Math.Sqrt(squares / row.Length + epsilon);
        // The mean's rounding passes into the scale through numbers near it only: their squares have twice their relative error.
        return (new Expected(mean, magnitude / row.Length), new Expected(scale, scale));
    }

    public static IEnumerable<TheoryDataRow<string, int, int, float, float>> Sizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1), (3, 31), (5, 127), (9, 1024) }
           from numbers in new[] { (1f, 0f), (1e-3f, 0f), (300f, 0f), (1f, 30f) }
           where (size.Item1 == 3 && numbers is (1f, 30f)) || !device.StartsWith(nameof(TestDevice.IlgpuCpu)) // every item is a thread there
           select new TheoryDataRow<string, int, int, float, float>(device, size.Item1, size.Item2, numbers.Item1, numbers.Item2);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rms_norm_keeps_its_scale(string device, int rows, int columns, float size, float offset)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = [.. rig.Numbers(rows * columns, size).Select(value => value + offset)];
        Matrix weight = rig.Vector(rig.Numbers(columns)), source = rig.View(x, rows, columns);
        Matrix alone = rig.Result(rows, columns), y = rig.Result(rows, columns), scale = rig.Result(rows, 1);
        RmsNorm.Run(rig.Queue, source, weight, Epsilon, alone);
        RmsNorm.Run(rig.Queue, source, weight, Epsilon, y, scale);
        Assert.Equal(rig.Read(alone), rig.Read(y));
        Expected.Check(output, "1/rms", rig.Read(scale), [.. x.Chunk(columns).Select(row => Oracle(row, centred: false, Epsilon).Scale)]);
    }

    [Theory, DeviceRows(nameof(Sizes))]
    public void Layer_norm_keeps_its_mean_and_scale(string device, int rows, int columns, float size, float offset)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), rows + columns);
        float[] x = [.. rig.Numbers(rows * columns, size).Select(value => value + offset)];
        Matrix weight = rig.Vector(rig.Numbers(columns)), bias = rig.Vector(rig.Numbers(columns)), source = rig.View(x, rows, columns);
        Matrix alone = rig.Result(rows, columns), y = rig.Result(rows, columns), statistics = rig.Result(rows, 2);
        LayerNorm.Run(rig.Queue, source, weight, bias, Epsilon, alone);
        LayerNorm.Run(rig.Queue, source, weight, bias, Epsilon, y, statistics);
        Assert.Equal(rig.Read(alone), rig.Read(y));
        Expected.Check(output, "mean, 1/std", rig.Read(statistics), [.. x.Chunk(columns).SelectMany(row =>
        {
            (Expected mean, Expected scale) = Oracle(row, centred: true, Epsilon);
            return new[] { mean, scale };
        })]);
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Matrix x = rig.Result(3, 4), y = rig.Result(3, 4), vector = rig.Vector(new float[4]);
        Assert.Throws<ArgumentException>(() => RmsNorm.Run(rig.Queue, x, vector, Epsilon, y, rig.Result(2, 1)));
        Assert.Throws<ArgumentException>(() => LayerNorm.Run(rig.Queue, x, vector, vector, Epsilon, y, rig.Result(3, 1)));
    }
}
