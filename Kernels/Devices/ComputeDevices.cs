namespace EdgeVideoLlava.Kernels;

/// <summary>Opens devices by the names that a command line uses: cpu, ilgpu-cpu, opencl[:n], cuda[:n], auto.</summary>
public static class ComputeDevices
{
    /// <param name="threads">Worker threads of the CPU device; 0 = one for each core.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device on this machine.</exception>
    public static ComputeDevice Open(string name, int threads = 0) => name switch
    {
        // Until the GPU kernels are fast, auto is the processor.
        "cpu" or "auto" => new CpuDevice(threads),
        _ => throw new DeviceUnavailableException($"device {name}: not built into this program yet; take --device cpu"),
    };
}
