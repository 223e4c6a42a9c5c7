using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Runtime.Live.Sources;
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
    /// <summary>What --device auto takes.</summary>
    public AutomaticChoice Automatic { get; init; } = new("cpu", "");

    /// <summary>Cameras that the system lists, with their modes.</summary>
    public IReadOnlyList<CameraEntry> Cameras { get; init; } = [];

    /// <summary>Why devices and libraries were not looked at; null if they were.</summary>
    public string? Died { get; init; }

    /// <summary>Looks at the machine. Loads the drivers' libraries, changes nothing; takes about a second for each
    /// device, which compiles and runs a dozen kernels.</summary>
    public static MachineReport Take()
    {
        IReadOnlyList<DeviceDescription> devices = IlgpuDevices.List();
        return Of(devices, DeviceSelfTest.Run(devices), NativeLibraries.Probe(devices)) with
        {
            Automatic = AutomaticChoice.Make(),
            Cameras = CameraList.Read(),
        };
    }

    /// <summary>What can be said without loading anything, after a look at the drivers ended the process that looked.</summary>
    /// <param name="how">By which signal or exit code.</param>
    public static MachineReport WithoutLibraries(string how)
    {
        string died = $"a native library ends the process that loads it ({how}); without a limit of the address space "
            + "(ulimit -v unlimited) it may work, else its driver is to be installed again";
        return Of([], [], []) with { Died = died, Automatic = new AutomaticChoice("cpu", died) };
    }

    private static MachineReport Of(IReadOnlyList<DeviceDescription> devices, IReadOnlyList<SelfTestResult> tests,
        IReadOnlyList<LibraryStatus> libraries)
    {
        long total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MachineReport(
            typeof(MachineReport).Assembly.GetName().Version!.ToString(3),
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.RuntimeIdentifier}",
            Processor.Simd,
            Environment.ProcessorCount,
            total,
            Math.Min(SystemMemory.Available(), total),
            devices,
            tests,
            libraries);
    }
}

/// <summary>The device that is taken where none is named.</summary>
/// <param name="Why">Not another; empty where there is nothing to say.</param>
internal sealed record AutomaticChoice(string Device, string Why)
{
    public override string ToString() => Why.Length == 0 ? $"takes {Device}" : $"takes {Device} ({Why})";

    public static AutomaticChoice Make()
    {
        using ComputeDevice device = ComputeDevices.Open("auto", new DeviceOptions(Threads: 1), out string why);
        return new AutomaticChoice(device.Label.Split(',')[0], why);
    }
}
