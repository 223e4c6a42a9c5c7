using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Preprocess;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Kernels.Sampling;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;


/// <summary>
/// Every operation gives on every device what it gives on the CPU, also between matrices that are windows into larger ones: nothing but the
/// window is written. The operations' own tests say what is right; these find a device that disagrees.
/// </summary>
public sealed class DeviceParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-6;

    // So few outputs that groups share the columns.
    private const string ManyColumns = "Linear, many columns";

    private static readonly Dictionary<string, Func<ParityCase, Matrix>> Operations = new()
    {
        ["Linear"] = c => Linear(c, new Epilogue()),
        ["Linear, bias"] = c => Linear(c, new Epilogue(c.Matrix(1, c.N))),
        ["Linear, residual"] = c => Linear(c, new Epilogue(Residual: c.Matrix(c.T, c.N))),
        ["Linear, bias, GELU, residual"] = c => Linear(c, new Epilogue(c.Matrix(1, c.N), Activation.Gelu, c.Matrix(c.T, c.N))),
        ["Linear, bias, to activations"] = c => c.RunActivations(c.T, c.N, (queue, y) => EdgeVideoLlava.Kernels.MatMul.Linear.Run(
            queue, c.Weight(c.N, c.N + 3), c.Activations(c.T, c.N + 3), y, new Epilogue(c.Matrix(1, c.N)))),
        ["Linear, float32 to activations"] = c => c.RunActivations(c.T, c.N, (queue, y) => EdgeVideoLlava.Kernels.MatMul.Linear.Run(
            queue, c.Weight(c.N, c.N + 3), c.Matrix(c.T, c.N + 3), y)),
        ["Linear, float32"] = c => c.Run(c.T, c.N, (queue, y) => EdgeVideoLlava.Kernels.MatMul.Linear.Run(
            queue, c.Weight(c.N, c.N + 3), c.Matrix(c.T, c.N + 3), y)),
        [ManyColumns] = c => c.Run(c.T, 2, (queue, y) => EdgeVideoLlava.Kernels.MatMul.Linear.Run(queue, c.Weight(2, 2304), c.Matrix(c.T, 2304), y)),
        ["Linear, quick GELU"] = c => Linear(c, new Epilogue(Activation: Activation.QuickGelu)),
        ["Linear, SiLU·up"] = c => Linear(c, new Epilogue(Activation: Activation.SiluUp)),
        ["Linear, bias, SiLU·up, residual"] = c => Linear(c, new Epilogue(c.Matrix(1, 2 * c.N), Activation.SiluUp, c.Matrix(c.T, c.N))),
        ["RmsNorm"] = c => c.RunActivations(c.T, c.N, (queue, y) => RmsNorm.Run(queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["LayerNorm"] = c => c.RunActivations(c.T, c.N, (queue, y) => LayerNorm.Run(queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["RotaryEmbedding, queries"] = c => c.RunActivations(c.T, 4 * c.N, (queue, y) => Rotary(c, queue, y, c.Activations(9, 2 * c.N), c.Activations(9, 2 * c.N))),
        ["RotaryEmbedding, keys"] = c => c.RunActivations(9, 2 * c.N, (queue, y) => Rotary(c, queue, c.Activations(c.T, 4 * c.N), y, c.Activations(9, 2 * c.N))),
        ["RotaryEmbedding, values"] = c => c.RunActivations(9, 2 * c.N, (queue, y) => Rotary(c, queue, c.Activations(c.T, 4 * c.N), c.Activations(9, 2 * c.N), y)),
        ["RotaryEmbedding, bytes"] = c => c.RunActivations(9, 2 * c.N, (queue, y) =>
        {
            HeadRows keys = c.Bytes(9, 1, 2 * c.N), values = c.Bytes(9, 1, 2 * c.N);
            RotaryEmbedding.Run(queue, c.Activations(c.T, 8 * c.N), c.Dense(9, c.N), c.Dense(9, c.N), c.Ints(c.T, i => i * 5 % 9), c.Activations(c.T, 4 * c.N), keys, values);
            DequantizeHeads.Run(queue, values, 2 * c.N, y); // keys, which are turned first, may lie on the border of two levels
        }),
        ["CausalAttention, bytes"] = c => c.RunActivations(c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(c.T, 6 * c.N), c.Bytes(13, 2, c.N), c.Bytes(13, 2, c.N), c.Ints(c.T, i => i * 7 % 13), c.N, y)),
        ["CausalAttention"] = c => c.RunActivations(c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(c.T, 6 * c.N), c.Activations(13, 2 * c.N), c.Activations(13, 2 * c.N), c.Ints(c.T, i => i * 7 % 13), c.N, y)),
        ["CausalAttention of many rows"] = c => c.RunActivations(4 * c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Activations(4 * c.T, 6 * c.N), c.Activations(40, 2 * c.N), c.Activations(40, 2 * c.N), c.Ints(4 * c.T, i => i * 7 % 40), c.N, y)),
        ["FullAttention, spatial"] = c => c.RunActivations(2 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Activations(2 * c.T, 6 * c.N), SequenceLayout.Spatial(2, c.T), 2, y)),
        ["FullAttention, temporal"] = c => c.RunActivations(6 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Activations(6 * c.T, 6 * c.N), SequenceLayout.Temporal(2, 3, c.T), 2, y)),
        ["EmbeddingGather"] = c => c.Run(c.T, c.K, (queue, y) => EmbeddingGather.Run(queue, c.Weight(11, c.K), c.Ints(c.T, i => i * 7 % 11), y)),
        ["PatchEmbedding"] = c => c.Run(2 * 5, c.N, (queue, y) => PatchEmbedding.Run(
            queue, c.Rounded(2 * 3 * 6, 6), c.Weight(c.N, 27), c.Matrix(1, c.N), c.Matrix(5, c.N), 3, y)),
        ["AddRows"] = c => c.Run(c.T, c.N, (queue, y) => AddRows.Run(queue, c.Matrix(c.T, c.N), c.Matrix(3, c.N), 2, y)),
        ["CopyRows"] = c => c.RunActivations(c.T, c.N, (queue, y) => CopyRows.Run(queue, c.Activations(c.T, c.N), y)),
        ["CopyRows, bytes"] = c => c.RunActivations(c.T, 2 * c.N, (queue, y) =>
        {
            HeadRows copy = c.Bytes(c.T, 2, c.N);
            HeadRows.Copy(queue, c.Bytes(c.T + 1, 2, c.N), copy, c.T);
            DequantizeHeads.Run(queue, copy, c.N, y);
        }),
        ["ResampleBytes"] = c => c.Run(2 * 3 * c.T, c.N, (queue, y) => ResampleBytes.Run(
            queue, c.Frames(2, c.T + 3, c.N + 4), c.FixedPointAxis(c.N + 4, c.N), c.FixedPointAxis(c.T + 3, c.T), c.Matrix(3, 256), y)),
        ["ResamplePoints"] = c => c.Run(2 * 3 * c.T, c.N, (queue, y) => ResamplePoints.Run(
            queue, c.Frames(2, c.T + 3, c.N + 4), c.PointAxis(c.N + 4, c.N), c.PointAxis(c.T + 3, c.T), c.Colours(), y)),
        ["ConvertRows, to binary16 and back"] = c => c.Run(c.T, c.N, (queue, y) =>
        {
            Matrix halves = c.Scratch(c.T, c.N, StorageType.F16);
            ConvertRows.Run(queue, c.Matrix(c.T, c.N), halves);
            ConvertRows.Run(queue, halves, y);
        }),
        ["ConvertRows, from bfloat16"] = c => c.Run(c.T, c.N, (queue, y) => ConvertRows.Run(queue, c.UpperHalves(c.T, c.N), y)),
        ["QuantizeRows, Q8_0"] = c => Quantized(c, StorageType.Q8_0),
        ["QuantizeRows, Q4_0"] = c => Quantized(c, StorageType.Q4_0),
        ["DequantizeRows"] = c => c.Run(c.T, c.K, (queue, y) => DequantizeRows.Run(queue, c.Weight(c.T + 2, c.K), 1, y)),
        ["RepetitionPenalty"] = c => c.Run(1, c.N, (queue, y) =>
        {
            CopyRows.Run(queue, c.Matrix(1, c.N), y);
            RepetitionPenalty.Run(queue, y, c.Ints(c.N, i => i % 2), c.Settings());
        }),
        ["DrawToken"] = c => c.Run(1, 3, (queue, y) =>
        {
            Matrix logits = c.Matrix(1, c.N + 4);
            IntVector best = c.Ints(3, _ => 0);
            TopK.Run(queue, logits, c.N + 2, best, y);
            DrawToken.Run(queue, logits, c.N + 2, 2, best, c.Settings(), c.Ints(2, i => i + c.T), c.Ints(c.N + 4, _ => 0), c.IdResult(1));
        }),
        ["TopK"] = c => c.Run(c.T, 3, (queue, y) => TopK.Run(queue, c.Matrix(c.T, c.N + 4), c.N + 2, c.IdResult(3 * c.T), y)),
        ["CrossEntropy"] = c => c.Run(c.T, 1, (queue, y) => CrossEntropy.Run(
            queue, c.Matrix(c.T, c.N), c.Ints(c.T, i => i % 3 == 1 ? CrossEntropy.Ignored : i % c.N), y)),
    };

    /// <summary>Block types that stay as stored on an accelerator; each has kernels of its own.</summary>
    private static StorageType[] Blocks => [.. BlockOracle.Types.Where(type => DeviceFormat.Of(type).Type == type)];

    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> Rows => RowsOf(TestDevices.ForKernels.Except([TestDevice.Cpu]));

    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> RowsWithHalves => RowsOf(TestDevices.WithHalves);

    private static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> RowsOf(IEnumerable<TestDevice> devices)
        => from name in Operations.Keys
           from size in new[] { (1, 1), (3, 33), (4, 6), (5, 8), (41, 9), (41, 69) } // many rows for products, which make tiles of them
           from type in !name.StartsWith("Linear") && !name.EndsWith("Gather") && name != "DequantizeRows" ? [StorageType.F32]
               : (StorageType[])[StorageType.F32, StorageType.F16, StorageType.BF16, .. size.Item2 != 33 && !name.Contains(',') ? Blocks : []]
           from device in devices
           where size != (41, 69) || !name.Contains("SiLU") // a product of sums of many columns is further off than the tolerance, which does not know of it
           where size != (41, 69) || !Sanitizer.IsOn // simulated, it takes seconds
           where size.Item1 < 41 || (name != ManyColumns && name.StartsWith("Linear") && device.ToString().StartsWith(nameof(TestDevice.OpenCl)))
           where !device.ToString().StartsWith(nameof(TestDevice.IlgpuCpu)) || type == StorageType.F32 || size.Item1 == 3
           select new TheoryDataRow<string, int, int, StorageType, TestDevice>(name, size.Item1, size.Item2, type, device);

    [Theory, MemberData(nameof(Rows))]
    public void A_device_agrees_with_the_CPU_and_writes_nothing_else(string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: false);

    /// <summary>On the same binary16 numbers as the CPU in float32; results stored as binary16 are half a unit off at most.</summary>
    [Theory, MemberData(nameof(RowsWithHalves))]
    public void A_device_with_fp16_activations_agrees_with_the_CPU(string name, int rows, int columns, StorageType type, TestDevice device)
        => Compare(name, rows, columns, type, device, halves: true);

    private void Compare(string name, int rows, int columns, StorageType type, TestDevice device, bool halves)
    {
        ComputeDevice accelerator = TestDevices.Get(device);
        bool aligned = accelerator is IlgpuDevice { Tier: not KernelTier.Processor };
        (float[] expected, int[] ids, _) = Run(name, rows, columns, type, TestDevices.Get(TestDevice.Cpu), aligned, halves);
        (float[] got, int[] gotIds, StorageType result) = Run(name, rows, columns, type, accelerator, aligned, halves);
        Assert.Equal(ids, gotIds);
        double rounding = result == StorageType.F16 ? 1.0 / 2048 : 0, smallest = result == StorageType.F16 ? 1.0 / (1 << 25) : 0;
        double worst = 0;
        int summed = name == ManyColumns ? 2304 : type.IsBlock() ? ParityCase.BlockColumns : columns;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Max(0, Math.Abs(got[i] - expected[i]) - rounding * Math.Abs(expected[i]) - smallest) / (Math.Abs(expected[i]) + Math.Sqrt(summed));
            Assert.True(error <= Tolerance, $"number {i} is {got[i]}, on the CPU {expected[i]}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{worst / Tolerance:p1} of the tolerance");
    }

    private static void Rotary(ParityCase c, ComputeQueue queue, Matrix queries, Matrix keys, Matrix values)
        => RotaryEmbedding.Run(queue, c.Activations(c.T, 8 * c.N), c.Dense(9, c.N), c.Dense(9, c.N), c.Ints(c.T, i => i * 5 % 9), queries, keys, values);

    private static Matrix Linear(ParityCase c, Epilogue epilogue)
        => c.Run(c.T, c.N, (queue, y) => EdgeVideoLlava.Kernels.MatMul.Linear.Run(
            queue, c.Weight(epilogue.Activation == Activation.SiluUp ? 2 * c.N : c.N, c.K), c.Activations(c.T, c.K), y, epilogue));

    /// <summary>There and back; three blocks a row.</summary>
    private static Matrix Quantized(ParityCase c, StorageType type) => c.Run(c.T, 96, (queue, y) =>
    {
        Weight weight = c.Empty(type, c.T, 96);
        QuantizeRows.Run(queue, c.Activations(c.T, 96), weight, c.IdResult(1));
        DequantizeRows.Run(queue, weight, 0, y);
    });

    private static (float[] Values, int[] Ids, StorageType Type) Run(string name, int rows, int columns, StorageType type, ComputeDevice device, bool aligned, bool halves)
    {
        using var c = new ParityCase(device, rows, columns, type, aligned, halves);
        Matrix result = Operations[name](c);
        (float[] values, int[] ids) = c.Read(result);
        return (values, ids, result.Type);
    }
}
