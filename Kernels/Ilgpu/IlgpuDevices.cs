using System.Reflection;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Cuda;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>The OpenCL and CUDA devices of this machine.</summary>
/// <remarks>
/// An OpenCL device is listed whether or not it has the generic address space of OpenCL 2.0, which ILGPU asks for by default:
/// kernels compiled at optimisation level O2 do without it.
/// </remarks>
internal static class IlgpuDevices
{
    private static readonly Lazy<bool> Libraries = new(SetResolver);

    /// <summary>Lists the devices of every installed driver; none of either kind is an empty list, not an error.</summary>
    /// <exception cref="DeviceUnavailableException">ILGPU cannot work in this program.</exception>
    public static IReadOnlyList<DeviceDescription> List()
    {
        using Context context = IlgpuContext.Create(builder => builder.OpenCL(_ => true).Cuda());
        var devices = new List<DeviceDescription>();
        foreach (CLDevice device in context.GetCLDevices()) devices.Add(Describe(device, $"opencl:{devices.Count}"));
        int openCl = devices.Count;
        foreach (CudaDevice device in context.GetCudaDevices()) devices.Add(Describe(device, $"cuda:{devices.Count - openCl}"));
        return devices;
    }

    /// <summary>Makes the drivers' libraries findable; to be called before the first context is made. Calling it
    /// again does nothing.</summary>
    /// <remarks>
    /// ILGPU imports "OpenCL" and "cuda", but systems without development packages have libOpenCL.so.1 and libcuda.so.1 only,
    /// and ILGPU takes a library that does not load for a machine without devices.
    /// </remarks>
    public static void FindLibraries() => _ = Libraries.Value;

    private static bool SetResolver()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Context).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // ILGPU has set its own, as it does under WSL
        }
    }

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        "OpenCL" => Load("libOpenCL.so.1"),
        "cuda" => Load("libcuda.so.1"),
        _ => 0, // the runtime's own way
    };

    private static nint Load(string library) => NativeLibrary.TryLoad(library, out nint handle) ? handle : 0;

    private static DeviceDescription Describe(CLDevice device, string id)
    {
        CLCapabilityContext has = device.Capabilities;
        return new DeviceDescription(
            id,
            device.Name.Trim(),
            device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_GPU) ? SharesMemory(device) ? "integrated GPU" : "GPU"
                : device.DeviceType.HasFlag(CLDeviceType.CL_DEVICE_TYPE_CPU) ? "CPU" : "accelerator",
            $"{device.PlatformName.Trim()}, OpenCL C {device.CVersion.Major}.{device.CVersion.Minor}",
            device.MemorySize,
            Missing(
                (has.GenericAddressSpace, "generic address space"),
                (has.Float16, "fp16 arithmetic"),
                (has.Float64, "fp64 arithmetic"),
                (has.Int64_Atomics, "64-bit atomics"),
                (has.SubGroups, "sub-groups")));
    }

    /// <summary>As its driver says; ILGPU's accelerator of the processor does.</summary>
    public static bool SharesHostMemory(Accelerator accelerator) => accelerator switch
    {
        CudaAccelerator cuda => CudaAttributes.Of(cuda.DeviceId).IsIntegrated == true,
        { Device: CLDevice device } => SharesMemory(device),
        _ => true,
    };

    private static bool SharesMemory(CLDevice device)
    {
        const CLDeviceInfoType HostUnifiedMemory = (CLDeviceInfoType)0x1035; // of OpenCL 1.1, which ILGPU does not name
        return device.GetDeviceInfo(HostUnifiedMemory, out int shares) == CLError.CL_SUCCESS && shares != 0;
    }

    private static DeviceDescription Describe(CudaDevice device, string id)
    {
        (int major, int minor) = device.Architecture is { } sm ? (sm.Major, sm.Minor) : (0, 0);
        CudaAttributes attributes = CudaAttributes.Of(device.DeviceId);
        return new DeviceDescription(
            id,
            device.Name.Trim(),
            attributes.IsIntegrated == true ? "integrated GPU" : "GPU",
            $"CUDA {device.DriverVersion.Major}.{device.DriverVersion.Minor}, sm_{major}{minor}",
            device.MemorySize,
            Missing((major >= 7, "tensor cores"), (major >= 8, "bf16 and asynchronous copies")))
        {
            MemoryBandwidth = attributes.MemoryBandwidth,
            Details = attributes.Phrases(CudaAttributes.DriverVersion()),
        };
    }

    private static string[] Missing(params (bool Has, string What)[] features)
        => [.. from feature in features where !feature.Has select feature.What];
}
