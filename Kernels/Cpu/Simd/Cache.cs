using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>Hints to the memory system. An address that does not exist is allowed.</summary>
internal static unsafe class Cache
{
    public const int Line = 64;

    /// <summary>Asks for a line to be brought into the second-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch1(address);
    }

    /// <summary>Into the first-level cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchFirst(void* address)
    {
        if (Sse.IsSupported) Sse.Prefetch0(address);
    }
}
