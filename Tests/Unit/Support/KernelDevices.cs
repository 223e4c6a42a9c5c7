using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>What a kernel's test runs on: every device, and the CPU device with every width of registers.</summary>
internal static class KernelDevices
{
    private static readonly ConcurrentDictionary<string, Lazy<ComputeDevice>> Variants = new();

    private static readonly SimdWidth[] Widths = [SimdWidth.Scalar, SimdWidth.Vector128, SimdWidth.Vector256, SimdWidth.Vector512];

    /// <summary>Names of the CPU device's variants; the widest is the CPU device itself, so it is no row of its own.</summary>
    public static IEnumerable<string> Cpu => Widths.Where(width => width <= SimdWidths.Best).Select(width => $"Cpu.{width}");

    /// <summary>Names for rows: all devices but the CPU by their names, the CPU by its widths.</summary>
    public static IEnumerable<string> All
        => TestDevices.ForKernels.Where(device => device != TestDevice.Cpu).Select(device => device.ToString()).Concat(Cpu);

    /// <summary>Names of the devices that run the kernels of groups at real sizes.</summary>
    public static IEnumerable<string> Portable => [nameof(TestDevice.OpenClPortable), nameof(TestDevice.CudaText)];

    /// <summary>Names of the devices that are here, for a test that goes through them itself: a skip would hide what
    /// the others gave.</summary>
    public static IEnumerable<string> Present
        => All.Where(name => !CudaTextCoverage.IsOn && name.StartsWith("Cpu.")
            || Enum.TryParse(name, out TestDevice device) && TestDevices.IsMeant(device) && TestDevices.IsWanted(device));

    public static ComputeDevice Get(string name)
    {
        if (!name.StartsWith("Cpu.")) return TestDevices.Get(Enum.Parse<TestDevice>(name));
        return Variants.GetOrAdd(name, _ => new Lazy<ComputeDevice>(() => new CpuDevice(2, Enum.Parse<SimdWidth>(name[4..])))).Value;
    }

    /// <summary>One, two and three threads give the same bits, at every width.</summary>
    public static void AssertThreadsDoNotMatter(Func<ComputeDevice, float[]> run)
    {
        foreach (SimdWidth width in Widths.Where(width => width <= SimdWidths.Best))
        {
            float[][] results = new float[3][];
            for (int threads = 1; threads <= 3; threads++)
            {
                using var device = new CpuDevice(threads, width);
                results[threads - 1] = run(device);
            }
            Assert.Equal(results[0], results[1]);
            Assert.Equal(results[0], results[2]);
        }
    }
}
