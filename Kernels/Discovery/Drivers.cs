using System.Globalization;

namespace EdgeVideoLlava.Kernels.Discovery;

/// <summary>Whether it is worth to load the libraries of OpenCL and CUDA where no device was asked for by name.</summary>
/// <remarks>
/// They are foreign code that ends the process where it fails: PoCL aborts when it cannot have the memory for its threads. So they are
/// left alone where they could not bring a GPU.
/// </remarks>
internal static class Drivers
{
    /// <summary>How the files in /dev begin by which programs reach a GPU: NVIDIA (servers, Jetson), AMD and Intel, Windows' subsystem
    /// for Linux, telephones' and boards' GPUs.</summary>
    private static readonly string[] GpuFiles = ["nvidia", "nvhost", "nvgpu", "nvmap", "dri", "kfd", "dxg", "mali", "kgsl", "pvr"];

    /// <summary>Why they are not loaded; null if they may be.</summary>
    public static string? WhyNot()
        => OperatingSystem.IsLinux() ? WhyNot(Directory.EnumerateFileSystemEntries("/dev"), File.ReadLines("/proc/self/limits")) : null;

    /// <param name="devices">Paths in /dev.</param>
    /// <param name="limits">Lines of /proc/self/limits.</param>
    internal static string? WhyNot(IEnumerable<string> devices, IEnumerable<string> limits)
    {
        bool hasGpu = devices.Any(path => GpuFiles.Any(name => Path.GetFileName(path).StartsWith(name, StringComparison.Ordinal)));
        if (!hasGpu) return "no GPU";
        string[]? space = limits.FirstOrDefault(line => line.StartsWith("Max address space", StringComparison.Ordinal))
            ?.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return space is [_, _, _, string soft, ..] && long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out long bytes)
            ? $"the address space is limited to {bytes >> 20} MiB, too little for drivers" : null;
    }
}
