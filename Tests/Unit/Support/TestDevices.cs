using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Ptx.Execution;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Every back end is a row of every device test.</summary>
public enum TestDevice
{
    Cpu,

    /// <summary>ILGPU's CPU accelerator: single kernels of toy size only.</summary>
    IlgpuCpu,
    OpenCl,
    Cuda,

    /// <summary>The kernels made for GPUs, on processors.</summary>
    IlgpuCpuPortable,
    OpenClPortable,

    /// <summary>The kernels of tensor cores, their instructions computed in C#; fp16 activations.</summary>
    IlgpuCpuTensorCore,

    /// <summary>fp16 activations; products with the kernels of the device.</summary>
    OpenClHalf,
    OpenClPortableHalf,
    CudaHalf,

    /// <summary>The text of a CUDA device's kernels, interpreted: what Cuda runs.</summary>
    CudaText,

    /// <summary>What CudaHalf runs: the kernels of tensor cores.</summary>
    CudaTextHalf,

    /// <summary>What CUDA devices without tensor cores run.</summary>
    CudaTextPortableHalf,

    /// <summary>The processor's kernels as CUDA gets them when they are asked for.</summary>
    CudaTextProcessor,
    CudaTextProcessorHalf,

    /// <summary>The kernels of tensor cores asked for in fp32, where products are the portable ones on their layout of weights.</summary>
    CudaTextTensorCore,

    /// <summary>As CudaTextHalf, with deep tiles.</summary>
    CudaTextDeep,
}

/// <summary>One device of each kind for the whole run; an absent one is a named skip, or a failure where EDGE_REQUIRE names it.</summary>
public static class TestDevices
{
    private static readonly ConcurrentDictionary<TestDevice, Lazy<ComputeDevice>> Opened = new();

    /// <summary>Rows of a test of kernels in fp32.</summary>
    public static IReadOnlyList<TestDevice> ForKernels { get; }
        = Rows(TestDevice.Cpu, TestDevice.IlgpuCpu, TestDevice.OpenCl, TestDevice.Cuda, TestDevice.IlgpuCpuPortable,
            TestDevice.OpenClPortable, TestDevice.CudaText, TestDevice.CudaTextProcessor, TestDevice.CudaTextTensorCore);

    /// <summary>Rows of a test of whole models in fp32.</summary>
    public static IReadOnlyList<TestDevice> ForModels { get; } = [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.Cuda];

    /// <summary>Rows of tests with fp16 activations.</summary>
    public static IReadOnlyList<TestDevice> WithHalves { get; } = Rows(TestDevice.OpenClHalf, TestDevice.OpenClPortableHalf,
        TestDevice.CudaHalf, TestDevice.CudaTextHalf, TestDevice.CudaTextPortableHalf, TestDevice.CudaTextProcessorHalf);

    /// <summary>Under the sanitizer the OpenCL devices alone, the CPU aside.</summary>
    private static TestDevice[] Rows(params TestDevice[] devices) => [.. devices
        .Where(device => !Sanitizer.IsOn || device == TestDevice.Cpu
        || device.ToString().StartsWith(nameof(TestDevice.OpenCl), StringComparison.Ordinal))];

    /// <summary>Whether its kernels are CUDA's text, interpreted.</summary>
    public static bool IsInterpreted(TestDevice? device) => device is >= TestDevice.CudaText and <= TestDevice.CudaTextDeep;

    /// <summary>Interpreted devices that run what a CUDA device runs if nothing else is asked for.</summary>
    public static bool IsMainInterpreted(TestDevice? device) => device is >= TestDevice.CudaText and <= TestDevice.CudaTextPortableHalf;

    /// <summary>Interpreted devices have most of their rows where coverage is measured, and there have no other.</summary>
    public static bool IsMeant(TestDevice? device) => IsInterpreted(device) == CudaTextCoverage.IsOn;

    /// <summary>EDGE_TEST_PROCESSOR=1: the processor alone, for an emulator, on which the others take hours.</summary>
    private static bool OnProcessorAlone { get; } = Environment.GetEnvironmentVariable("EDGE_TEST_PROCESSOR") == "1";

    private static string[] Required { get; } = (Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',');

    internal static ComputeDevice Get(TestDevice device)
    {
        if (Absence(device) is not { } absence) return Opened[device].Value;
        if (IsRequired(device)) Assert.Fail($"the device {device} is required (EDGE_REQUIRE) but absent: {absence}");
        Assert.Skip(absence); // the same words for every row of its driver, which the runner counts
        throw new InvalidOperationException(absence);
    }

    /// <summary>True if the device is here, or must be (EDGE_REQUIRE): then <see cref="Get"/> fails loudly.</summary>
    public static bool IsWanted(TestDevice device) => IsRequired(device) || Absence(device) == null;

    /// <summary>Why there is no such device; null if there is one, which is then open.</summary>
    public static string? Absence(TestDevice device)
    {
        if (OnProcessorAlone && device != TestDevice.Cpu) return "left out (EDGE_TEST_PROCESSOR)";
        try
        {
            _ = Opened.GetOrAdd(device, key => new Lazy<ComputeDevice>(() => Open(key))).Value;
            return null;
        }
        catch (DeviceUnavailableException e)
        {
            return e.Message;
        }
    }

    /// <summary>A device of the test's own, to count what is left on it.</summary>
    internal static ComputeDevice Open(TestDevice device) => device switch
    {
        TestDevice.Cpu => Open("cpu"),
        TestDevice.IlgpuCpu => Open("ilgpu-cpu"),
        TestDevice.IlgpuCpuPortable => Open("ilgpu-cpu", tier: KernelTier.Portable),
        TestDevice.IlgpuCpuTensorCore => Open("ilgpu-cpu", StorageType.F16, KernelTier.TensorCore),
        TestDevice.OpenCl => Open("opencl"),
        TestDevice.OpenClPortable => Open("opencl", tier: KernelTier.Portable),
        TestDevice.OpenClHalf => Open("opencl", StorageType.F16),
        TestDevice.OpenClPortableHalf => Open("opencl", StorageType.F16, KernelTier.Portable),
        TestDevice.Cuda => Open("cuda"),
        TestDevice.CudaHalf => Open("cuda", StorageType.F16),
        TestDevice.CudaText => CudaTextDriver.Open(StorageType.F32, KernelTier.Portable, LaneOrder.Ascending),
        TestDevice.CudaTextHalf => CudaTextDriver.Open(StorageType.F16, KernelTier.TensorCore, LaneOrder.Descending),
        TestDevice.CudaTextPortableHalf => CudaTextDriver.Open(StorageType.F16, KernelTier.Portable, LaneOrder.Descending),
        TestDevice.CudaTextProcessor => CudaTextDriver.Open(StorageType.F32, KernelTier.Processor, LaneOrder.Descending),
        TestDevice.CudaTextProcessorHalf => CudaTextDriver.Open(StorageType.F16, KernelTier.Processor, LaneOrder.Ascending),
        TestDevice.CudaTextTensorCore => CudaTextDriver.Open(StorageType.F32, KernelTier.TensorCore, LaneOrder.Ascending),
        TestDevice.CudaTextDeep => CudaTextDriver.Open(StorageType.F16, KernelTier.TensorCore, LaneOrder.Ascending, deepTiles: true),
        _ => throw new ArgumentOutOfRangeException(nameof(device), device, null),
    };

    private static ComputeDevice Open(string name, StorageType compute = StorageType.F32, KernelTier? tier = null)
        => ComputeDevices.Open(name, new DeviceOptions(Compute: compute, Tier: tier) { IsExact = true });

    /// <summary>EDGE_REQUIRE names drivers: OpenCl stands for all rows on it.</summary>
    private static bool IsRequired(TestDevice device)
        => Required.Any(name => name.Length > 0 && device.ToString().StartsWith(name, StringComparison.Ordinal)
        && (name != "Cpu" || device == TestDevice.Cpu));
}
