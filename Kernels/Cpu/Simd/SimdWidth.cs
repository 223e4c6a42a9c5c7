using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>How many bits of float32 lanes the CPU kernels work on at once. All widths are compiled from the same code.</summary>
internal enum SimdWidth
{
    Scalar,
    Vector128,
    Vector256,
    Vector512,
}

internal static class SimdWidths
{
    /// <summary>The widest that this machine does in hardware.</summary>
    public static SimdWidth Best { get; } = Vector512.IsHardwareAccelerated ? SimdWidth.Vector512
        : Vector256.IsHardwareAccelerated ? SimdWidth.Vector256
        : Vector128.IsHardwareAccelerated ? SimdWidth.Vector128
        : SimdWidth.Scalar;

    /// <summary>float32 lanes of a register.</summary>
    public static int Lanes(SimdWidth width) => width switch
    {
        SimdWidth.Vector512 => Lanes16.Count,
        SimdWidth.Vector256 => Lanes8.Count,
        SimdWidth.Vector128 => Lanes4.Count,
        _ => Lanes1.Count,
    };
}
