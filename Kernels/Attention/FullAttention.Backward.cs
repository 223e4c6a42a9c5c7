using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

// no gpu: a backward runs on the processor
// no benchmark: measured with a training step
/// <summary>Backward of the attention inside many sequences.</summary>
/// <remarks>
/// The weights are made again from the log-sums (<see cref="AttentionBackward"/>).
/// qkv (R, 3·D), y (R, D), logSums (R, H), layout: of the forward;  dy (R, D);  dqkv (R, 3·D), replaced, aliasing nothing.
/// </remarks>
internal static partial class FullAttention
{
    public static void Backward(ComputeQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix logSums, Matrix dy,
        Matrix dqkv)
    {
        Shapes.Same(qkv, dqkv);
        Shapes.Same(y, dy);
        Shapes.Is(qkv, y.Rows, 3 * y.Columns);
        Shapes.Is(logSums, y.Rows, heads);
        Backward(CpuQueue.Of(queue), qkv, layout, heads, y, logSums, dy, dqkv);
    }
}
