using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>What the kernels of a 7B forward pass could reach at best on two GPUs, from their bytes, their FLOP and
/// what the assembler says of them.</summary>
[Trait("Category", "long")]
public sealed class RooflineTests(ITestOutputHelper output)
{
    // AGX Orin 64 GB (NVIDIA's data sheet): 204.8 GB/s; its GPU's 170 sparse INT8 TOPS are 85 dense ones and 42.5 dense FP16 TFLOP/s.
    // H100 SXM (NVIDIA's data sheet): 3.35 TB/s, 1979 sparse FP16 TFLOP/s, half of it dense.
    private static readonly (string Name, int Architecture, double BytesPerSecond, double FlopPerSecond,
        Multiprocessor Multiprocessor)[] Gpus =
    [
        ("Orin", 87, 204.8e9, 42.5e12, Multiprocessor.Sm87),
        ("H100", 90, 3350e9, 989e12, Multiprocessor.Sm90),
    ];

    private static readonly StorageType[] Types = [StorageType.F16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_K];

    /// <summary>Kernels that are launched before or after the one which an operation spends its time in.</summary>
    private static readonly string[] Beside = [nameof(ScaledHalves), nameof(PaddedRows), nameof(LinearPartials),
        "DecodeAttention.JoinKernel"];

    private static readonly KernelWorks Works = new(GpuReportSizes.Real.Config, GpuReportSizes.Real.Positions, StorageType.F16);

    /// <summary>Writes the tables of docs/benchmarks.md to Tests/TestResults/roofline.md.</summary>
    [Fact]
    public void Every_kernel_of_a_forward_pass_has_its_line()
    {
        Assert.SkipUnless(Ptxas.IsHere, Ptxas.Remedy);
        KernelWork[] works = [.. Works.All(Types).Where(work => work.Operation != "up")]; // it runs with its gate only
        Dictionary<KernelWork, string> kernels = Chosen(works);
        var assembled = new ConcurrentDictionary<(string, int), Assembled>();
        Parallel.ForEach(
            from kernel in kernels.Values.Distinct() from gpu in Gpus select (kernel, gpu.Architecture),
            job => assembled[job] = Assemble(job.kernel, job.Architecture));
        string table = Whole() + "\n" + Table(kernels, assembled);
        string results = Path.Combine(Golden.Repository, "Tests", "TestResults");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "roofline.md"), table);
        output.WriteLine(table);
        Assert.All(assembled, pair => Assert.All(Gpus.Where(gpu => gpu.Architecture == pair.Key.Item2), gpu
            => Assert.InRange(Occupancy(gpu.Multiprocessor, pair.Key.Item1, pair.Value), 0.1, 1)));
    }

    /// <summary>The products and attentions of the whole model at best, one after the other; all else is small beside them.</summary>
    private static string Whole()
    {
        int layers = GpuReportSizes.Real.Config.Language.Layers;
        int vocabulary = GpuReportSizes.Real.Config.Language.Vocabulary;
        int hidden = GpuReportSizes.Real.Config.Language.Hidden;
        KernelCost head = KernelCost.Linear(1, vocabulary, hidden, StorageType.F16, StorageType.F16, StorageType.F32);
        var text = new StringBuilder(
            "| linears | GB a token | decode after 2110, Orin | H100 | TFLOP of the prefill | prefill of 2110, Orin | H100 "
            + "|\n|---|---|---|---|---|---|---|\n");
        foreach (StorageType type in Types)
        {
            KernelCost[] decode = [.. Layers(1, type, "attention, decode"), head];
            KernelCost[] prefill = [.. Layers(GpuReportSizes.Real.Positions, type, "attention, prefill"), head];
            string[] steps = [.. Gpus.Select(gpu => (1 / decode.Sum(cost => Bound(cost, gpu.BytesPerSecond, gpu.FlopPerSecond)))
                .ToString("0.0", CultureInfo.InvariantCulture))];
            string[] seconds = [.. Gpus.Select(gpu => (1e3 * prefill.Sum(cost => Bound(cost, gpu.BytesPerSecond, gpu.FlopPerSecond)))
                .ToString("0.0", CultureInfo.InvariantCulture))];
            text.Append(CultureInfo.InvariantCulture,
                $"| {type} | {decode.Sum(cost => cost.Bytes) / 1e9:0.00} | {steps[0]} tokens/s | {steps[1]} tokens/s | "
                + $"{prefill.Sum(cost => cost.Flop) / 1e12:0.0} | {seconds[0]} ms | {seconds[1]} ms |\n");
        }
        return text.ToString();

        IEnumerable<KernelCost> Layers(int rows, StorageType type, string attention) => Enumerable.Repeat(
            Works.Products(type, rows).Where(work => work.Operation != "up")
            .Concat(Works.Attention().Where(work => work.Operation == attention)).Select(work => work.Cost), layers).SelectMany(costs
            => costs);
    }

    private static string Table(Dictionary<KernelWork, string> kernels, IReadOnlyDictionary<(string, int), Assembled> assembled)
    {
        var text = new StringBuilder(
            "| operation | weight | shape | MB | GFLOP | FLOP / byte | Orin at best | H100 at best | kernel | registers 87 / 90 | shared "
            + "KiB | occupancy 87 / 90 |\n"
            + "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
        foreach ((KernelWork work, string kernel) in kernels)
        {
            string[] bounds = [.. Gpus.Select(gpu => Spent(work.Cost, gpu.BytesPerSecond, gpu.FlopPerSecond))];
            Assembled[] by = [.. Gpus.Select(gpu => assembled[(kernel, gpu.Architecture)])];
            string occupancy = string.Join(" / ", Gpus.Select((gpu, i)
                => Occupancy(gpu.Multiprocessor, kernel, by[i]).ToString("0 %", CultureInfo.InvariantCulture)));
            text.Append(CultureInfo.InvariantCulture,
                $"| {work.Operation} | {work.Weight?.ToString() ?? "-"} | {work.Shape} | {work.Cost.Bytes / 1e6:0.00} | "
                + $"{work.Cost.Flop / 1e9:0.00} | {work.Cost.Flop / work.Cost.Bytes:0.0} | {bounds[0]} | {bounds[1]} | {kernel} | {by[0].Registers} / "
                + $"{by[1].Registers} | {by[0].SharedBytes / 1024.0:0.#} | {occupancy} |\n");
        }
        return text.ToString();
    }

    /// <summary>Seconds at best on a machine that moves and computes at the same time (the roofline model: Williams et al., 2009).</summary>
    private static double Bound(KernelCost cost, double bytesPerSecond, double flopPerSecond)
        => Math.Max(cost.Bytes / bytesPerSecond, cost.Flop / flopPerSecond);

    /// <summary>Microseconds at best, and what they are spent on.</summary>
    private static string Spent(KernelCost cost, double bytesPerSecond, double flopPerSecond) => string.Create(CultureInfo.InvariantCulture,
        $"{Bound(cost, bytesPerSecond, flopPerSecond) * 1e6:0.0} µs, "
        + $"{(cost.Bytes / bytesPerSecond > cost.Flop / flopPerSecond ? "memory" : "arithmetic")}");

    private static double Occupancy(Multiprocessor multiprocessor, string kernel, Assembled assembled)
        => KernelAttribute.Of(DeviceKernels.Methods[kernel]).Group is > 0 and var items
        ? multiprocessor.Occupancy(items, assembled.Registers, assembled.SharedBytes)
        : multiprocessor.BestOccupancy(assembled.Registers, assembled.SharedBytes);

    private static Assembled Assemble(string kernel, int architecture)
        => Ptxas.Assemble(CudaText.Compile(DeviceKernels.Methods[kernel], architecture), architecture);

    /// <summary>What each operation launches on a device of the tensor-core tier: the operation itself chooses, nothing is run.</summary>
    private static Dictionary<KernelWork, string> Chosen(IEnumerable<KernelWork> works)
    {
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.IlgpuCpuTensorCore);
        using var queue = (IlgpuQueue)device.CreateQueue();
        return works.ToDictionary(work => work, work =>
        {
            LazyKernel[] launched = [];
            queue.KernelsOf(() =>
            {
                using var operands = new KernelOperands(device, queue, rotated: 1);
                Action<int> run = work.Prepare(operands);
                launched = [.. queue.KernelsOf(() => run(0))];
            });
            return launched.Select(kernel => DeviceKernels.Name(kernel.Method)).Single(name => !Beside.Any(name.StartsWith));
        });
    }
}
