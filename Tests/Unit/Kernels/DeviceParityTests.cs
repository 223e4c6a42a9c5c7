using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

using Activation = EdgeVideoLlava.Kernels.Activation; // not the folder of tests

/// <summary>
/// Every operation gives on every device what it gives on the CPU, also between matrices that are windows into larger ones: nothing but the
/// window is written. The operations' own tests say what is right; these find a device that disagrees.
/// </summary>
public sealed class DeviceParityTests(ITestOutputHelper output)
{
    private const double Tolerance = 2e-6;

    private static readonly Dictionary<string, Func<ParityCase, Matrix>> Operations = new()
    {
        ["Linear"] = c => Linear(c, new Epilogue()),
        ["Linear, bias"] = c => Linear(c, new Epilogue(c.Matrix(1, c.N))),
        ["Linear, residual"] = c => Linear(c, new Epilogue(Residual: c.Matrix(c.T, c.N))),
        ["Linear, bias, GELU, residual"] = c => Linear(c, new Epilogue(c.Matrix(1, c.N), Activation.Gelu, c.Matrix(c.T, c.N))),
        ["Linear, quick GELU"] = c => Linear(c, new Epilogue(Activation: Activation.QuickGelu)),
        ["Linear, SiLU·up"] = c => Linear(c, new Epilogue(Activation: Activation.SiluUp)),
        ["Linear, bias, SiLU·up, residual"] = c => Linear(c, new Epilogue(c.Matrix(1, 2 * c.N), Activation.SiluUp, c.Matrix(c.T, c.N))),
        ["RmsNorm"] = c => c.Run(c.T, c.N, (queue, y) => RmsNorm.Run(queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["LayerNorm"] = c => c.Run(c.T, c.N, (queue, y) => LayerNorm.Run(queue, c.Matrix(c.T, c.N), c.Matrix(1, c.N), c.Matrix(1, c.N), 1e-5f, y)),
        ["RotaryEmbedding"] = c => c.Run(c.T, 2 * c.N, (queue, y) => RotaryEmbedding.Run(
            queue, c.Matrix(c.T, 2 * c.N), c.Dense(9, c.N), c.Dense(9, c.N), c.Ints(c.T, i => i * 5 % 9), y)),
        ["CausalAttention"] = c => c.Run(c.T, 6 * c.N, (queue, y) => CausalAttention.Run(
            queue, c.Matrix(c.T, 6 * c.N), c.Matrix(13, 2 * c.N), c.Matrix(13, 2 * c.N), c.Ints(c.T, i => i * 7 % 13), c.N, y)),
        ["FullAttention, spatial"] = c => c.Run(2 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Matrix(2 * c.T, 6 * c.N), SequenceLayout.Spatial(2, c.T), 2, y)),
        ["FullAttention, temporal"] = c => c.Run(6 * c.T, 2 * c.N, (queue, y) => FullAttention.Run(
            queue, c.Matrix(6 * c.T, 6 * c.N), SequenceLayout.Temporal(2, 3, c.T), 2, y)),
        ["EmbeddingGather"] = c => c.Run(c.T, c.K, (queue, y) => EmbeddingGather.Run(queue, c.Weight(11, c.K), c.Ints(c.T, i => i * 7 % 11), y)),
        ["PatchEmbedding"] = c => c.Run(2 * 5, c.N, (queue, y) => PatchEmbedding.Run(
            queue, c.Matrix(2 * 3 * 6, 6), c.Weight(c.N, 27), c.Matrix(1, c.N), c.Matrix(5, c.N), 3, y)),
        ["AddRows"] = c => c.Run(c.T, c.N, (queue, y) => AddRows.Run(queue, c.Matrix(c.T, c.N), c.Matrix(3, c.N), 2, y)),
        ["CopyRows"] = c => c.Run(c.T, c.N, (queue, y) => CopyRows.Run(queue, c.Matrix(c.T, c.N), y)),
        ["ScatterRows"] = c => c.Run(c.T + 3, c.N, (queue, y) => ScatterRows.Run(queue, c.Matrix(c.T, c.N), c.Ints(c.T, i => c.T + 2 - i), y)),
        ["TopK"] = c => c.Run(c.T, 3, (queue, y) => TopK.Run(queue, c.Matrix(c.T, c.N + 4), c.N + 2, c.IdResult(3 * c.T), y)),
        ["CrossEntropy"] = c => c.Run(c.T, 1, (queue, y) => CrossEntropy.Run(
            queue, c.Matrix(c.T, c.N), c.Ints(c.T, i => i % 3 == 1 ? CrossEntropy.Ignored : i % c.N), y)),
    };

    /// <summary>Block types that stay as stored on an accelerator; each has kernels of its own.</summary>
    private static StorageType[] Blocks => [.. BlockOracle.Types.Where(type => DeviceFormat.Of(type).Type == type)];

    public static IEnumerable<TheoryDataRow<string, int, int, StorageType, TestDevice>> Rows
        => from name in Operations.Keys
           from size in new[] { (1, 1), (3, 33), (5, 8) }
           from type in !name.StartsWith("Linear") && !name.EndsWith("Gather") ? [StorageType.F32]
               : (StorageType[])[StorageType.F32, StorageType.F16, StorageType.BF16, .. size.Item2 != 33 && !name.Contains(',') ? Blocks : []]
           from device in TestDevices.ForKernels.Except([TestDevice.Cpu])
           where device != TestDevice.IlgpuCpu || type == StorageType.F32 || size.Item1 == 3
           select new TheoryDataRow<string, int, int, StorageType, TestDevice>(name, size.Item1, size.Item2, type, device);

    [Theory, MemberData(nameof(Rows))]
    public void A_device_agrees_with_the_CPU_and_writes_nothing_else(string name, int rows, int columns, StorageType type, TestDevice device)
    {
        (float[] expected, int[] ids) = Run(name, rows, columns, type, TestDevices.Get(TestDevice.Cpu));
        (float[] got, int[] gotIds) = Run(name, rows, columns, type, TestDevices.Get(device));
        Assert.Equal(ids, gotIds);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(got[i] - expected[i]) / (Math.Abs(expected[i]) + Math.Sqrt(type.IsBlock() ? ParityCase.BlockColumns : columns));
            Assert.True(error <= Tolerance, $"number {i} is {got[i]}, on the CPU {expected[i]}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{worst / Tolerance:p1} of the tolerance");
    }

    private static Matrix Linear(ParityCase c, Epilogue epilogue)
        => c.Run(c.T, c.N, (queue, y) => EdgeVideoLlava.Kernels.Linear.Run(
            queue, c.Weight(epilogue.Activation == Activation.SiluUp ? 2 * c.N : c.N, c.K), c.Matrix(c.T, c.K), y, epilogue));

    private static (float[] Values, int[] Ids) Run(string name, int rows, int columns, StorageType type, ComputeDevice device)
    {
        using var c = new ParityCase(device, rows, columns, type);
        return c.Read(Operations[name](c));
    }
}
