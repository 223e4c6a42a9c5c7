using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Every back end is a row of every device test.</summary>
public enum TestDevice
{
    Cpu,

    /// <summary>ILGPU's CPU accelerator: single kernels of toy size only.</summary>
    IlgpuCpu,
    OpenCl,
    Cuda,
}

/// <summary>One device of each kind for the whole run; an absent one is a named skip, or a failure where EDGE_REQUIRE names it.</summary>
public static class TestDevices
{
    private static readonly ConcurrentDictionary<TestDevice, Lazy<ComputeDevice>> Opened = new();

    /// <summary>Rows of a test of kernels; under the sanitizer the OpenCL devices alone, the CPU aside.</summary>
    public static IReadOnlyList<TestDevice> ForKernels { get; } = [.. Enum.GetValues<TestDevice>()
        .Where(device => !Sanitizer.IsOn || device == TestDevice.Cpu || device.ToString().StartsWith(nameof(TestDevice.OpenCl), StringComparison.Ordinal))];

    /// <summary>Rows of a test of whole models.</summary>
    public static IReadOnlyList<TestDevice> ForModels { get; } = [.. ForKernels.Except([TestDevice.IlgpuCpu])];

    private static string[] Required { get; } = (Environment.GetEnvironmentVariable("EDGE_REQUIRE") ?? "").Split(',');

    public static ComputeDevice Get(TestDevice device)
    {
        try
        {
            return Opened.GetOrAdd(device, key => new Lazy<ComputeDevice>(() => Open(key))).Value;
        }
        catch (DeviceUnavailableException e)
        {
            if (Required.Contains(device.ToString())) Assert.Fail($"the device {device} is required (EDGE_REQUIRE) but absent: {e.Message}");
            Assert.Skip($"no device {device}: {e.Message}");
            throw;
        }
    }

    /// <summary>True if the device is here, or must be (EDGE_REQUIRE): then <see cref="Get"/> fails loudly.</summary>
    public static bool IsWanted(TestDevice device)
    {
        if (Required.Contains(device.ToString())) return true;
        try
        {
            return Opened.GetOrAdd(device, key => new Lazy<ComputeDevice>(() => Open(key))).Value != null;
        }
        catch (DeviceUnavailableException)
        {
            return false;
        }
    }

    /// <summary>A device of the test's own, to count what is left on it.</summary>
    public static ComputeDevice Open(TestDevice device) => ComputeDevices.Open(Name(device));

    private static string Name(TestDevice device) => device switch
    {
        TestDevice.Cpu => "cpu",
        TestDevice.IlgpuCpu => "ilgpu-cpu",
        TestDevice.OpenCl => "opencl",
        TestDevice.Cuda => "cuda",
        _ => throw new ArgumentOutOfRangeException(nameof(device), device, null),
    };
}
