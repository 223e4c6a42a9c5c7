using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>The rows of a float32 matrix as the processor's code reads and writes them.</summary>
/// <param name="matrix">Null for an absent operand.</param>
internal readonly unsafe struct CpuRows(Matrix? matrix)
{
    private readonly float* first = matrix.CpuOrNull();

    public readonly int Count = matrix?.Rows ?? 0;
    public readonly int Columns = matrix?.Columns ?? 0;
    public readonly int Stride = matrix?.Stride ?? 0;

    public bool Exist => first != null;

    public float* this[long row] => first + row * Stride;
}
