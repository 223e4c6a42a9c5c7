using System.Globalization;

namespace EdgeVideoLlava.Kernels;

/// <summary>Opens devices by the names that a command line uses: cpu, ilgpu-cpu, opencl[:n], cuda[:n], auto.</summary>
public static class ComputeDevices
{
    /// <param name="threads">Worker threads of the CPU device; 0 = one for each core.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device on this machine.</exception>
    public static ComputeDevice Open(string name, int threads = 0) => Open(name, threads, out _);

    /// <param name="choice">Why "auto" took this device and not another; empty if the name is another, or there is nothing to say.</param>
    public static ComputeDevice Open(string name, int threads, out string choice)
    {
        choice = "";
        if (name == "auto") return AutomaticDevice.Open(IlgpuDevices.List(), id => Open(id, threads), out choice);
        string[] parts = name.Split(':', 2);
        int? index = parts.Length == 1 ? null
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw Unknown(name);
        return (parts[0], index) switch
        {
            ("cpu", null) => new CpuDevice(threads),
            ("ilgpu-cpu", null) => IlgpuAccelerators.OpenCpu(),
            ("opencl", _) => IlgpuAccelerators.OpenOpenCl(index),
            ("cuda", _) => IlgpuAccelerators.OpenCuda(index),
            _ => throw Unknown(name),
        };
    }

    private static DeviceUnavailableException Unknown(string name)
        => new($"device {name}: there is none of this name; there are cpu, ilgpu-cpu, opencl[:n], cuda[:n] and auto");
}
