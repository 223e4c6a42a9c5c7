using System.Globalization;

namespace EdgeVideoLlava.Kernels;

/// <summary>Opens devices by the names that a command line uses: cpu, ilgpu-cpu, opencl[:n], cuda[:n], auto.</summary>
public static class ComputeDevices
{
    /// <exception cref="DeviceUnavailableException">There is no such device on this machine, or it does not compute as the options want.</exception>
    public static ComputeDevice Open(string name, DeviceOptions? options = null)
    {
        options ??= new DeviceOptions();
        string[] parts = name.Split(':', 2);
        int? index = parts.Length == 1 ? null
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw Unknown(name);
        return (parts[0], index) switch
        {
            // Until the GPU kernels are fast, auto is the processor.
            ("cpu" or "auto", null) => OpenCpu(name, options),
            ("ilgpu-cpu", null) => IlgpuAccelerators.OpenCpu(options),
            ("opencl", _) => IlgpuAccelerators.OpenOpenCl(index, options),
            ("cuda", _) => IlgpuAccelerators.OpenCuda(index, options),
            _ => throw Unknown(name),
        };
    }

    private static CpuDevice OpenCpu(string name, DeviceOptions options)
        => options.Compute is null or StorageType.F32 ? new CpuDevice(options.Threads)
            : throw new DeviceUnavailableException($"device {name}: the processor computes in fp32 only; take --compute fp32, or a GPU");

    private static DeviceUnavailableException Unknown(string name)
        => new($"device {name}: there is none of this name; there are cpu, ilgpu-cpu, opencl[:n], cuda[:n] and auto");
}
