using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Kernels.Ilgpu.Cuda;

/// <summary>What CUDA's driver says of a GPU beyond what ILGPU asks; null is what it does not say (an older driver,
/// another kind of GPU).</summary>
/// <remarks>CUDA driver API, CUdevice_attribute; the numbers there are in KB of 1024, kHz and bits.</remarks>
/// <param name="SharedBytesOfGroup">Shared memory that a group may ask for: 48 KB without asking, up to 227 KB on sm_90.</param>
/// <param name="L2Bytes">Size of the second cache.</param>
/// <param name="MemoryBandwidth">Bytes a second by the memory's clock and the width of its bus. Null where the GPU
/// shares the processor's memory: Jetson's driver names another clock.</param>
/// <param name="IsIntegrated">Whether the GPU shares the processor's memory.</param>
internal sealed partial record CudaAttributes(int? SharedBytesOfGroup, int? L2Bytes, double? MemoryBandwidth, bool? IsIntegrated)
{
    private const int Integrated = 18, MemoryClockRate = 36, BusWidth = 37, L2CacheSize = 38, SharedOptIn = 97;

    private const string VersionFile = "/proc/driver/nvidia/version";

    public static CudaAttributes Of(int device) => From(attribute => DriverApi.Attribute(device, attribute));

    /// <param name="read">Value of an attribute, null if there is none.</param>
    public static CudaAttributes From(Func<int, int?> read)
    {
        bool? integrated = read(Integrated) is { } shares ? shares != 0 : null;
        // Memory sends twice a clock.
        double? bandwidth = integrated == false && Positive(MemoryClockRate) is { } clock && Positive(BusWidth) is { } bits
            ? 2.0 * clock * 1000 * bits / 8 : null;
        return new CudaAttributes(Positive(SharedOptIn), Positive(L2CacheSize), bandwidth, integrated);

        int? Positive(int attribute) => read(attribute) is > 0 and { } value ? value : null;
    }

    /// <summary>Short phrases, one a thing that is known.</summary>
    /// <param name="driver">Version of the driver, if known.</param>
    public string[] Phrases(string? driver)
    {
        string?[] phrases =
        [
            driver == null ? null : $"driver {driver}",
            MemoryBandwidth is { } bandwidth ? string.Create(CultureInfo.InvariantCulture, $"memory {bandwidth / 1e9:0} GB/s by its clock")
            : null,
            L2Bytes is { } l2 ? string.Create(CultureInfo.InvariantCulture, $"L2 cache {l2 / (double)(1 << 20):0.#} MiB") : null,
            SharedBytesOfGroup is { } shared ? $"shared memory {shared >> 10} KiB a group" : null,
        ];
        return [.. phrases.OfType<string>()];
    }

    /// <summary>Version of NVIDIA's driver, which CUDA itself does not tell; null where there is no such file (Windows, Jetson).</summary>
    public static string? DriverVersion()
    {
        try
        {
            return Version(File.ReadAllText(VersionFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The first number like 535.104.05 of the file's first line.</summary>
    internal static string? Version(string text)
    {
        Match match = VersionNumber().Match(text.Split('\n')[0]);
        return match.Success ? match.Value : null;
    }

    [GeneratedRegex(@"\b\d{3,4}\.\d{2,3}(\.\d{2})?\b")]
    private static partial Regex VersionNumber();
}
