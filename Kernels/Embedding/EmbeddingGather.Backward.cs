using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Embedding;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>Backward of y[t] = table[ids[t]]: dTable[ids[t]] += dy[t], in the order of t.</summary>
/// <remarks>dy (T, D);  ids (T), each in 0..V-1;  dTable (V, D), float32.</remarks>
internal static partial class EmbeddingGather
{
    /// <param name="padding">The id whose row gets no gradient (padding_idx); none: -1.</param>
    public static void Backward(ComputeQueue queue, Matrix dy, IntVector ids, Matrix dTable, int padding = -1)
    {
        Shapes.Is(dy, ids.Length, dTable.Columns);
        Backward(CpuQueue.Of(queue), dy, ids, dTable, padding);
    }
}
