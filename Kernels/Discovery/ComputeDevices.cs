using System.Globalization;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Discovery;

/// <summary>Opens devices by the names that a command line uses: cpu, ilgpu-cpu, opencl[:n], cuda[:n], auto.</summary>
internal static class ComputeDevices
{
    /// <exception cref="DeviceUnavailableException">There is no such device on this machine, or it does not compute
    /// as the options want.</exception>
    internal static ComputeDevice Open(string name, DeviceOptions? options = null) => Open(name, options, out _);

    /// <param name="choice">Why "auto" took this device and not another; empty if the name is another, or there is nothing to say.</param>
    internal static ComputeDevice Open(string name, DeviceOptions? options, out string choice)
    {
        options ??= new DeviceOptions();
        choice = "";
        if (name == "auto") return OpenBest(options, out choice);
        string[] parts = name.Split(':', 2);
        int? index = parts.Length == 1 ? null
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw Unknown(name);
        return (parts[0], index) switch
        {
            ("cpu", null) => OpenCpu(name, options),
            ("ilgpu-cpu", null) => IlgpuAccelerators.OpenCpu(options),
            ("opencl", _) => IlgpuAccelerators.OpenOpenCl(index, options),
            ("cuda", _) => IlgpuAccelerators.OpenCuda(index, options),
            _ => throw Unknown(name),
        };
    }

    private static ComputeDevice OpenBest(DeviceOptions options, out string choice)
    {
        if (Drivers.WhyNot() is { } reason)
        {
            choice = reason;
            return OpenCpu("cpu", options);
        }
        IReadOnlyList<DeviceDescription> devices;
        try
        {
            devices = IlgpuDevices.List();
        }
        catch (DeviceUnavailableException e)
        {
            choice = e.Message;
            return OpenCpu("cpu", options);
        }
        return AutomaticDevice.Open(devices, id => Open(id, options), out choice);
    }

    private static CpuDevice OpenCpu(string name, DeviceOptions options)
    {
        if (options.Compute is not (null or StorageType.F32)) throw Only(name, "the processor computes in fp32 only; take ", Setting.Fp32);
        if (options.Tier != null) throw Only(name, "the processor has no tiers of kernels; leave ", Setting.NoTier);
        return new CpuDevice(options.Threads) { IsExact = options.IsExact };
    }

    private static DeviceUnavailableException Only(string name, string what, Setting setting)
        => new($"device {name}: {what}{setting}, or a GPU") { Remedies = [setting] };

    private static DeviceUnavailableException Unknown(string name)
        => new($"device {name}: there is none of this name; there are cpu, ilgpu-cpu, opencl[:n], cuda[:n] and auto");
}
