using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>What a test of the kernels as a whole wants to see. Nothing looks in normal use.</summary>
internal static class DeviceProbe
{
    /// <summary>Told each kernel's launcher before it is called.</summary>
    public static Action<Delegate>? Launching { get; set; }

    /// <summary>Told each piece of device memory before it is used.</summary>
    public static Action<MemoryBuffer>? Allocated { get; set; }
}
