using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Kernels.Attention;
using EdgeVideoLlava.Tests.Unit.Kernels.MatMul;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Operations as models call them, on a device of the tensor-core tier: which kernel runs is the device's
/// choice, the results are the definitions'.</summary>
[Collection(nameof(Lanes))]
public sealed class TensorCoreTierTests(ITestOutputHelper output)
{
    private static readonly TestDevice[] Devices
        = [TestDevice.IlgpuCpuTensorCore, TestDevice.CudaHalf, TestDevice.CudaTextHalf, TestDevice.CudaTextDeep];

    /// <summary>Type of the weight, of x and of y, rows, columns, activation. 8 rows and fewer have kernels of other tiers.</summary>
    private static readonly (StorageType, StorageType, StorageType, int, int, Activation)[] Some =
    [
        (StorageType.F16, StorageType.F16, StorageType.F16, 20, 64, Activation.QuickGelu),
        (StorageType.F16, StorageType.F16, StorageType.F32, 70, 45, Activation.None),
        (StorageType.F16, StorageType.F16, StorageType.F32, 3, 64, Activation.None),
        (StorageType.F16, StorageType.F16, StorageType.F32, 1, 64, Activation.Gelu),
        (StorageType.Q8_0, StorageType.F16, StorageType.F32, 9, 64, Activation.SiluUp),
        (StorageType.Q4_K, StorageType.F32, StorageType.F32, 12, 256, Activation.None),
        (StorageType.BF16, StorageType.F32, StorageType.F32, 12, 33, Activation.None),
    ];

    /// <summary>Each type in tiles of both sizes with every activation.</summary>
    private static IEnumerable<(StorageType, StorageType, StorageType, int, int, Activation)> Many
        => from type in DeviceFormat.Kept
           from activation in Enum.GetValues<Activation>()
           from rows in new[] { 17, 67 }
           let typeX = rows == 67 && activation == Activation.None ? StorageType.F32 : StorageType.F16
           let typeY = (int)activation % 2 == 0 ? StorageType.F16 : StorageType.F32
           select (type, typeX, typeY, rows, type.IsBlock() ? 256 : 75, activation);

    public static IEnumerable<TheoryDataRow<TestDevice, StorageType, StorageType, StorageType, int, int, Activation>> Products
        => from device in Devices
           from row in TestDevices.IsInterpreted(device) ? Some.Concat(Many) : Some
           select new TheoryDataRow<TestDevice, StorageType, StorageType, StorageType, int, int, Activation>(
               device, row.Item1, row.Item2, row.Item3, row.Item4, row.Item5, row.Item6);

    [Theory, DeviceRows(nameof(Products))]
    public void A_product_equals_the_definition(TestDevice device, StorageType type, StorageType typeX, StorageType typeY, int rows,
        int columns, Activation activation)
        => Lanes.Within(() =>
        {
            const int outputs = 38;
            using var rig = new KernelRig(TestDevices.Get(device), rows + columns);
            int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
            float[] w = rig.Numbers(outputs * columns), x = rig.Numbers(rows * columns), bias = rig.Numbers(outputs),
                residual = rig.Numbers(rows * kept);
            Weight weight = rig.Weight(type, w, outputs, columns);
            Matrix y = rig.Dense(new float[rows * kept], rows, kept, typeY);
            Linear.Run(rig.Queue, weight, rig.Dense(x, rows, columns, typeX), y,
                new Epilogue(rig.Vector(bias), activation, rig.Dense(residual, rows, kept)));
            bool halves = rows > 8;
            Expected[] expected = LinearTests.Oracle(halves ? Rounded(w) : w, halves || typeX == StorageType.F16 ? Rounded(x)
                : x, rows, columns, outputs, bias, activation, residual);
            if (typeY == StorageType.F16)
                expected = Array.ConvertAll(expected, e => e with { Terms = e.Terms + Math.Pow(2, 11) * Math.Abs(e.Value) });
            Expected.Check(output, $"{type} ({rows}, {columns})", rig.Queue.Read(y), expected);
        });

    /// <summary>Device, rows, activation, type of the result.</summary>
    public static IEnumerable<TheoryDataRow<TestDevice, int, Activation, StorageType>> Kept
        => from device in Devices
           from row in new[] { (9, Activation.SiluUp, StorageType.F32), (20, Activation.Gelu, StorageType.F16),
               (1, Activation.SiluUp, StorageType.F32) }
           select new TheoryDataRow<TestDevice, int, Activation, StorageType>(device, row.Item1, row.Item2, row.Item3);

    /// <summary>On tensor cores from nine rows on. The result has the same bits as without.</summary>
    [Theory, DeviceRows(nameof(Kept))]
    public void A_product_keeps_its_sums(TestDevice device, int rows, Activation activation, StorageType typeY) => Lanes.Within(() =>
    {
        const int outputs = 38, columns = 64;
        using var rig = new KernelRig(TestDevices.Get(device), rows);
        int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
        float[] w = rig.Numbers(outputs * columns), x = Rounded(rig.Numbers(rows * columns)), bias = rig.Numbers(outputs);
        Weight weight = rig.Weight(StorageType.F16, w, outputs, columns);
        Matrix source = Halves(rig, rows, x), sums = rig.Result(rows, outputs);
        Matrix alone = rig.Dense(new float[rows * kept], rows, kept, typeY), y = rig.Dense(new float[rows * kept], rows, kept, typeY);
        var epilogue = new Epilogue(rig.Vector(bias), activation, rig.Dense(rig.Numbers(rows * kept), rows, kept));
        Linear.Run(rig.Queue, weight, source, alone, epilogue);
        Linear.Run(rig.Queue, weight, source, y, epilogue with { PreActivation = sums });
        Assert.Equal(rig.Queue.Read(alone), rig.Queue.Read(y));
        Expected.Check(output, $"sums of {rows} rows", rig.Read(sums),
            LinearTests.Oracle(w, x, rows, columns, outputs, bias, Activation.None, null));
    });

    public static TheoryData<TestDevice> TensorCores => [.. Devices];

    [Theory, DeviceRows(nameof(TensorCores))]
    public void Activations_of_100000_are_not_infinite(TestDevice device) => Lanes.Within(() =>
    {
        const int rows = 10, columns = 96, outputs = 33;
        using var rig = new KernelRig(TestDevices.Get(device), 3);
        float[] w = rig.Numbers(outputs * columns), x = rig.Numbers(rows * columns, 1e5f);
        Matrix y = rig.Result(rows, outputs);
        Linear.Run(rig.Queue, rig.Weight(StorageType.F16, w, outputs, columns), rig.View(x, rows, columns), y);
        for (int t = 0; t < rows; t++)
        {
            Span<float> row = x.AsSpan(t * columns, columns);
            float scale = TensorLinear.Scale(row);
            foreach (ref float number in row) number = (float)(Half)(number / scale) * scale;
        }
        float[] got = rig.Read(y);
        Assert.True(got.Max(Math.Abs) > 1e5f);
        Expected.Check(output, "1e5", got, LinearTests.Oracle(w, x, rows, columns, outputs, null, Activation.None, null));
    });

    /// <summary>Device, rows, heads, key heads, head size: 16 rows and 64 columns a head run on tensor cores, others do not.</summary>
    public static IEnumerable<TheoryDataRow<TestDevice, int, int, int, int>> Heads
        => from device in Devices
           from size in new[] { (20, 2, 1, 64), (17, 1, 1, 128), (15, 2, 2, 64), (18, 2, 1, 32) }
           select new TheoryDataRow<TestDevice, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    [Theory, DeviceRows(nameof(Heads))]
    public void Attention_equals_the_definition(TestDevice device, int rows, int heads, int groups, int headSize) => Lanes.Within(() =>
    {
        using var rig = new KernelRig(TestDevices.Get(device), rows);
        int columns = heads * headSize, keyColumns = groups * headSize;
        float[] qkv = Rounded(rig.Numbers(rows * 3 * columns)), keys = Rounded(rig.Numbers(rows * keyColumns)),
            values = Rounded(rig.Numbers(rows * keyColumns));
        Matrix full = Halves(rig, rows, new float[rows * columns]);
        Matrix causal = Halves(rig, rows, new float[rows * columns]);
        Matrix x = Halves(rig, rows, qkv);
        Matrix fullSums = rig.Result(rows, heads), causalSums = rig.Result(rows, heads);
        FullAttention.Run(rig.Queue, x, SequenceLayout.Spatial(1, rows), heads, full, fullSums);
        Check("full", rig.Queue.Read(full), FullAttentionTests.Oracle(qkv, [[.. Enumerable.Range(0, rows)]], heads, headSize), qkv);
        float[] q = [.. Enumerable.Range(0, rows * columns).Select(i => qkv[i / columns * 3 * columns + i % columns])];
        CausalAttention.Run(rig.Queue, x.ColumnRange(0, columns), Halves(rig, rows, keys), Halves(rig, rows, values),
            rig.Ints([.. Enumerable.Range(0, rows)]), headSize, causal, causalSums);
        Check("causal", rig.Queue.Read(causal), CausalAttentionTests.Oracle(q, keys, values, [.. Enumerable.Range(0, rows)], heads, groups,
            headSize), values);
        Expected.Check(output, "log-sums, full", rig.Read(fullSums), LogSums(
            (row, head) => LogSumTests.Oracle(c => qkv[row * 3 * columns + head * headSize + c],
                (j, c) => qkv[j * 3 * columns + columns + head * headSize + c], rows, headSize)));
        Expected.Check(output, "log-sums, causal", rig.Read(causalSums), LogSums(
            (row, head) => LogSumTests.Oracle(c => q[row * columns + head * headSize + c],
                (j, c) => keys[j * keyColumns + head / (heads / groups) * headSize + c], row + 1, headSize)));

        Expected[] LogSums(Func<int, int, Expected> oracle)
            => [.. from row in Enumerable.Range(0, rows) from head in Enumerable.Range(0, heads) select oracle(row, head)];
    });

    private static Matrix Halves(KernelRig rig, int rows, float[] values) => rig.Dense(values, rows, values.Length / rows, StorageType.F16);

    /// <summary>2^-11 of Σ|a·v| for the weights, and of the result.</summary>
    private void Check(string what, float[] got, Expected[] expected, float[] values)
    {
        double largest = values.Max(Math.Abs);
        Expected.Check(output, what, got, Array.ConvertAll(expected, e
            => e with { Terms = e.Terms + Math.Pow(2, 11) * (Math.Abs(e.Value) + largest) }));
    }

    private static float[] Rounded(float[] values) => Array.ConvertAll(values, value => (float)(Half)value);
}
