using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>How a CPU kernel reads stored numbers as float32 lanes. A type argument, so that kernels are compiled for
/// each storage type.</summary>
internal unsafe interface IStored
{
    static abstract int Bytes { get; }

    static abstract V Load<V>(byte* source) where V : unmanaged, ILanes<V>;
}

internal readonly unsafe struct StoredF32 : IStored
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source) where V : unmanaged, ILanes<V> => V.Load((float*)source);
}

internal readonly unsafe struct StoredF16 : IStored
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source) where V : unmanaged, ILanes<V> => V.LoadHalf((ushort*)source);
}

internal readonly unsafe struct StoredBF16 : IStored
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Load<V>(byte* source) where V : unmanaged, ILanes<V> => V.LoadBFloat((ushort*)source);
}
