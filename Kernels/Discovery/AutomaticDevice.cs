using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Discovery;

/// <summary>What "--device auto" takes: a CUDA device, else an OpenCL GPU with memory of its own, else the processor.</summary>
/// <remarks>An OpenCL driver that runs on the processor (PoCL) is slower than our own code for it, and a GPU that
/// shares its memory rarely faster.</remarks>
internal static class AutomaticDevice
{
    /// <summary>Names of the devices to try, best first; the last is always "cpu".</summary>
    public static IReadOnlyList<string> Ranking(IReadOnlyList<DeviceDescription> devices)
        => [.. devices.Where(IsCuda).Concat(devices.Where(device => !IsCuda(device) && device.Kind == "GPU")).Select(device => device.Id),
        "cpu"];

    /// <param name="devices">Those of this machine.</param>
    /// <param name="open">Opens a device by its name.</param>
    /// <param name="reason">Why not another, in one short line; empty where the first CUDA device was taken.</param>
    /// <exception cref="DeviceUnavailableException">Even the processor cannot compute as the options want.</exception>
    public static ComputeDevice Open(IReadOnlyList<DeviceDescription> devices, Func<string, ComputeDevice> open, out string reason)
    {
        var reasons = new List<string>();
        if (!devices.Any(IsCuda)) reasons.Add(devices.Count == 0 ? "no CUDA or OpenCL device" : "no CUDA device");
        foreach (string id in Ranking(devices))
        {
            try
            {
                ComputeDevice device = open(id);
                if (id == "cpu") reasons.AddRange(devices.Where(other => !IsCuda(other)).Select(WhyNot).OfType<string>());
                reason = string.Join(", ", reasons);
                return device;
            }
            catch (DeviceUnavailableException e) when (id != "cpu")
            {
                reasons.Add(e.Message);
            }
        }
        throw new InvalidOperationException("the ranking ends with cpu");
    }

    private static bool IsCuda(DeviceDescription device) => device.Id.StartsWith("cuda:", StringComparison.Ordinal);

    private static string? WhyNot(DeviceDescription device) => device.Kind switch
    {
        "CPU" => $"{device.Id} runs on the processor",
        "integrated GPU" => $"{device.Id} shares the processor's memory",
        "GPU" => null, // was tried
        _ => $"{device.Id} is not a GPU",
    };
}
