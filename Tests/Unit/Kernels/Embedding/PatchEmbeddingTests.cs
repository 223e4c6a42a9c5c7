using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Embedding;

public sealed class PatchEmbeddingTests(ITestOutputHelper output)
{
    /// <summary>The definition: a convolution with stride = patch, the class embedding before it, the positions added.</summary>
    private static Expected[] Oracle(float[] pixels, float[] w, float[] classes, float[] position, int pictures, int grid, int s, int d)
    {
        int size = grid * s, places = 1 + grid * grid;
        var y = new Expected[pictures * places * d];
        for (int n = 0; n < pictures; n++)
        {
            for (int g = 0; g < places; g++)
            {
                for (int r = 0; r < d; r++)
                {
                    double value = position[g * d + r], terms = Math.Abs(value);
                    void Add(double term) => (value, terms) = (value + term, terms + Math.Abs(term));
                    if (g == 0) Add(classes[r]);
                    for (int c = 0; g > 0 && c < 3; c++)
                    {
                        for (int i = 0; i < s; i++)
                        {
                            for (int j = 0; j < s; j++)
                            {
                                int row = (g - 1) / grid * s + i, column = (g - 1) % grid * s + j;
                                Add((double)pixels[((n * 3 + c) * size + row) * size + column] * w[((r * 3 + c) * s + i) * s + j]);
                            }
                        }
                    }
                    y[(n * places + g) * d + r] = new Expected(value, terms);
                }
            }
        }
        return y;
    }

    /// <summary>Device, type, pictures, patches a side, patch, columns.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, int, int, int, int>> Sizes
        => from device in KernelDevices.All
           from type in new[] { StorageType.F32, StorageType.F16, StorageType.BF16 }
           from size in new[] { (1, 1, 1, 1), (2, 3, 2, 7), (1, 2, 14, 33), (3, 4, 5, 31) }
           where !device.StartsWith(nameof(TestDevice.IlgpuCpu)) || type == StorageType.F32 // every item is a thread there
           select new TheoryDataRow<string, StorageType, int, int, int, int>(device, type, size.Item1, size.Item2, size.Item3, size.Item4);

    [Theory, DeviceRows(nameof(Sizes))]
    public void Rows_equal_the_definition(string device, StorageType type, int pictures, int grid, int patch, int columns)
    {
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), type, pictures, grid, patch, columns);
        Expected.Check(output, $"{pictures} pictures of {grid} x {grid} patches of {patch}", got, expected);
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, StorageType.F32, 2, 7, 14, 40).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, StorageType type, int pictures, int grid, int patch,
        int columns)
    {
        using var rig = new KernelRig(device, pictures + grid + patch + columns);
        int size = grid * patch, places = 1 + grid * grid, depth = 3 * patch * patch;
        float[] pixels = rig.Numbers(pictures * 3 * size * size), w = rig.Numbers(columns * depth), classes = rig.Numbers(columns),
            position = rig.Numbers(places * columns);
        Matrix y = rig.Result(pictures * places, columns);
        Weight weight = rig.Weight(type, w, columns, depth);
        PatchEmbedding.Run(rig.Queue, rig.View(pixels, pictures * 3 * size, size), weight, rig.Vector(classes),
            rig.View(position, places, columns), patch, y);
        return (rig.Read(y), Oracle(pixels, w, classes, position, pictures, grid, patch, columns));
    }
}
