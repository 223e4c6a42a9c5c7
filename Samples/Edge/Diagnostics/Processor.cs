using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>Facts about the processor.</summary>
internal static class Processor
{
    /// <summary>The widest vector instructions that the processor and .NET share.</summary>
    public static string Simd =>
        Avx512BW.IsSupported && Avx512DQ.IsSupported ? Avx512Vbmi.IsSupported ? "AVX-512 (F, BW, DQ, VBMI)" : "AVX-512 (F, BW, DQ)"
        : Avx2.IsSupported && Fma.IsSupported ? "AVX2 with FMA"
        : AdvSimd.Arm64.IsSupported ? Dp.IsSupported ? "NEON with dot product" : "NEON"
        : Vector128.IsHardwareAccelerated ? "128-bit vectors"
        : "none";
}
