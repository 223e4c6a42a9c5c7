using System.Globalization;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Runtime.Diagnostics;

/// <summary>Facts about the processor and the host's memory.</summary>
internal static class Processor
{
    /// <summary>The widest vector instructions that the processor and .NET share.</summary>
    public static string Simd =>
        Avx512BW.IsSupported && Avx512DQ.IsSupported ? Avx512Vbmi.IsSupported ? "AVX-512 (F, BW, DQ, VBMI)" : "AVX-512 (F, BW, DQ)"
        : Avx2.IsSupported && Fma.IsSupported ? "AVX2 with FMA"
        : AdvSimd.Arm64.IsSupported ? Dp.IsSupported ? "NEON with dot product" : "NEON"
        : Vector128.IsHardwareAccelerated ? "128-bit vectors"
        : "none";

    /// <summary>Bytes that can be had without swapping; null where /proc/meminfo is missing.</summary>
    public static long? MemoryAvailable()
    {
        const string Label = "MemAvailable:";
        if (!File.Exists("/proc/meminfo")) return null;
        string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal));
        string? number = line?[Label.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(number, CultureInfo.InvariantCulture, out long kibibytes) ? kibibytes * 1024 : null;
    }
}
