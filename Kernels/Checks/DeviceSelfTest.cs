using System.Diagnostics;
using System.Globalization;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Kernels.Rotary;

namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>An operation of each family on an accelerator against the processor, in about a second: whether its
/// driver computes correctly at all.</summary>
/// <remarks>A driver that is wrong is wrong by far, so the bound is wide: 1/256 of the largest number of a result.
/// The tests say how exact the kernels are.</remarks>
internal static class DeviceSelfTest
{
    private const double Tolerance = 1.0 / 256;

    internal static readonly (string Name, Func<SelfTestOperands, Matrix> Run)[] Operations =
    [
        ("matrix-vector product, F16", o => Product(o, StorageType.F16, 1)),
        ("matrix product, F16", o => Product(o, StorageType.F16, 37)),
        ("matrix product, Q8_0", o => Product(o, StorageType.Q8_0, 37)),
        ("matrix product, Q4_0", o => Product(o, StorageType.Q4_0, 37)),
        ("RMSNorm", o => Activations(o, 5, 96, y => RmsNorm.Run(o.Queue, o.Matrix(5, 96), o.Matrix(1, 96), 1e-5f, y))),
        ("LayerNorm", o => Activations(o, 5, 96, y => LayerNorm.Run(o.Queue, o.Matrix(5, 96), o.Matrix(1, 96), o.Matrix(1, 96), 1e-5f, y))),
        ("causal attention", o => Activations(o, 3, 128, y
        => CausalAttention.Run(o.Queue, o.Activations(3, 128), o.Activations(40, 64), o.Activations(40, 64), o.Ints(7, 39, 0), 32, y))),
        ("full attention", o
        => Activations(o, 34, 64, y => FullAttention.Run(o.Queue, o.Activations(34, 192), SequenceLayout.Spatial(2, 17), 2, y))),
        ("embedding of words", o
        => Result(o, 4, 64, y => EmbeddingGather.Run(o.Queue, o.Weight(StorageType.F16, 11, 64), o.Ints(3, 10, 0, 3), y))),
        ("embedding of patches", o => Result(o, 2 * 5, 48, y => PatchEmbedding.Run(
            o.Queue, o.Matrix(2 * 3 * 8, 8), o.Weight(StorageType.F16, 48, 48), o.Matrix(1, 48), o.Matrix(5, 48), 4, y))),
        ("rotary embedding", o => Activations(o, 3, 64, y => RotaryEmbedding.Run(
            o.Queue, o.Activations(3, 128), o.Matrix(9, 16), o.Matrix(9, 16), o.Ints(0, 8, 5), y, o.Activations(9, 32),
            o.Activations(9, 32)))),
        ("top-k", o => Result(o, 2, 4, y => TopK.Run(o.Queue, o.Matrix(2, 500), 500, o.Ints(0, 0, 0, 0, 0, 0, 0, 0), y))),
    ];

    /// <summary>Tests one device after the other; one that does not open has failed.</summary>
    public static IReadOnlyList<SelfTestResult> Run(IEnumerable<DeviceDescription> devices)
        => [.. devices.Select(device => Run(device.Id, () => ComputeDevices.Open(device.Id), Operations))];

    internal static SelfTestResult Run(string id, Func<ComputeDevice> open,
        IEnumerable<(string Name, Func<SelfTestOperands, Matrix> Run)> operations)
    {
        long started = Stopwatch.GetTimestamp();
        int agreed = 0;
        string? failure = null;
        string now = "opening it";
        try
        {
            using ComputeDevice device = open(), processor = new CpuDevice(1);
            foreach ((string name, Func<SelfTestOperands, Matrix> run) in operations)
            {
                now = name;
                failure = Difference(Compute(processor, run), Compute(device, run));
                if (failure != null) break;
                agreed++;
            }
        }
        catch (Exception e) // whatever a driver comes up with is what the test is for
        {
            failure = e is DeviceUnavailableException or DeviceFailedException ? e.Message
                : e.GetBaseException().Message.ReplaceLineEndings(" ");
        }
        return new SelfTestResult(id, agreed, Stopwatch.GetElapsedTime(started).TotalSeconds, failure == null ? null : $"{now}: {failure}");
    }

    internal static float[] Compute(ComputeDevice device, Func<SelfTestOperands, Matrix> run)
    {
        using var operands = new SelfTestOperands(device);
        return operands.Queue.Read(run(operands));
    }

    internal static string? Difference(float[] expected, float[] got)
    {
        double bound = Tolerance * expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++)
        {
            if (!(Math.Abs(got[i] - expected[i]) <= bound))
                return string.Create(CultureInfo.InvariantCulture, $"number {i} is {got[i]}, on the processor {expected[i]}");
        }
        return null;
    }

    private static Matrix Product(SelfTestOperands o, StorageType type, int rows)
        => Result(o, rows, 70, y => Linear.Run(o.Queue, o.Weight(type, 70, 128), o.Activations(rows, 128), y,
            new Epilogue(o.Matrix(1, 70), Activation.Gelu, o.Matrix(rows, 70))));

    internal static Matrix Result(SelfTestOperands o, int rows, int columns, Action<Matrix> run) => Run(o.Matrix(rows, columns), run);

    internal static Matrix Activations(SelfTestOperands o, int rows, int columns, Action<Matrix> run)
        => Run(o.Activations(rows, columns), run);

    private static Matrix Run(Matrix y, Action<Matrix> run)
    {
        run(y);
        return y;
    }
}
