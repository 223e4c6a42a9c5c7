using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Every back end is a row of every device test.</summary>
public enum TestDevice
{
    Cpu,
}

/// <summary>One device of each kind for the whole run; an absent one is a named skip, or a failure where EDGE_REQUIRE names it.</summary>
public static class TestDevices
{
    private static readonly ConcurrentDictionary<TestDevice, Lazy<ComputeDevice>> Opened = new();

    /// <summary>Devices that every kernel's test runs on.</summary>
    public static IReadOnlyList<TestDevice> ForKernels => [TestDevice.Cpu];

    /// <summary>Devices that whole models run on.</summary>
    public static IReadOnlyList<TestDevice> ForModels => [TestDevice.Cpu];

    public static ComputeDevice Get(TestDevice device) => Opened.GetOrAdd(device, _ => new Lazy<ComputeDevice>(() => new CpuDevice())).Value;
}
