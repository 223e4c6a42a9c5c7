using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Addresses of device memory on the processor.</summary>
internal static unsafe class CpuPointers
{
    /// <summary>Address of element (0, 0).</summary>
    public static float* Cpu(this Matrix matrix) => (float*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset;

    /// <summary>Null where nothing is to be kept.</summary>
    public static float* CpuOrNull(this Matrix? matrix) => matrix is { } kept ? kept.Cpu() : null;

    /// <summary>A row of a matrix of binary16, which the processor converts but does not compute with.</summary>
    public static Half* CpuHalves(this Matrix matrix, int row)
        => (Half*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset + (long)row * matrix.Stride;

    /// <summary>A row of a matrix of bytes.</summary>
    public static sbyte* CpuLevels(this Matrix matrix, int row)
        => (sbyte*)((CpuBuffer)matrix.Buffer).Address + matrix.Offset + (long)row * matrix.Stride;

    public static int* Cpu(this IntVector vector) => (int*)((CpuBuffer)vector.Buffer).Address + vector.Offset;

    public static void* Cpu(this Weight weight) => (void*)((CpuBuffer)weight.Buffer).Address;
}
