using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>What of this machine matters to the program: processor, memory, devices, native libraries.</summary>
/// <param name="Version">Version of this library.</param>
/// <param name="Platform">.NET and operating system.</param>
/// <param name="Simd">The widest vector instructions that the processor and .NET share.</param>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="MemoryTotal">Bytes; the container's limit where there is one.</param>
/// <param name="MemoryAvailable">Bytes that can be had now without swapping.</param>
/// <param name="Devices">OpenCL and CUDA devices; the processor itself is always there as "cpu".</param>
/// <param name="SelfTests">Whether each of the devices computes as the processor does.</param>
/// <param name="Libraries">Native libraries and programs, found or not.</param>
internal sealed record MachineReport(
    string Version,
    string Platform,
    string Simd,
    int Cores,
    long MemoryTotal,
    long MemoryAvailable,
    IReadOnlyList<DeviceDescription> Devices,
    IReadOnlyList<SelfTestResult> SelfTests,
    IReadOnlyList<LibraryStatus> Libraries)
{
    /// <summary>Looks at the machine. Loads the drivers' libraries, changes nothing; takes about a second for each
    /// device, which compiles and runs a dozen kernels.</summary>
    public static MachineReport Take()
    {
        IReadOnlyList<DeviceDescription> devices = IlgpuDevices.List();
        long total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MachineReport(
            typeof(MachineReport).Assembly.GetName().Version!.ToString(3),
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}",
            Processor.Simd,
            Environment.ProcessorCount,
            total,
            Math.Min(SystemMemory.Available(), total),
            devices,
            DeviceSelfTest.Run(devices),
            NativeLibraries.Probe(devices));
    }
}
