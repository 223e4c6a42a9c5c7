using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Embedding;

/// <summary>y[t] = table[ids[t]]: the word embeddings of token ids, as float32.</summary>
/// <remarks>table (V, D) F32, F16, BF16 or blocks;  ids (T), each in 0..V-1 (checked where the prompt is made, never
/// here);  y (T, D).</remarks>
internal static partial class EmbeddingGather
{
    public static void Run(ComputeQueue queue, Weight table, IntVector ids, Matrix y)
    {
        Shapes.Is(y, ids.Length, table.Columns);
        if (queue is CpuQueue cpu) Cpu(cpu, table, ids, y);
        else Gpu((IlgpuQueue)queue, table, ids, y);
    }
}
