using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Attention;

// no gpu: a backward runs on the processor
// no benchmark: measured with a training step
/// <summary>Backward of the attention of one conversation, all of whose positions are rows.</summary>
/// <remarks>
/// The weights are made again from the log-sums (<see cref="AttentionBackward"/>).
/// q, y, dy, dq (T, H·d), logSums (T, H), positions (T): of the forward;  keys, values (n, G·d): rows of the cache, float32;
/// dKeys, dValues (n, G·d). All results are replaced; they may be columns of one matrix, and alias nothing else.
/// </remarks>
internal static partial class CausalAttention
{
    public static void Backward(ComputeQueue queue, in QueryRows queries, Matrix keys, Matrix values, Matrix dy, Matrix dq, Matrix dKeys,
        Matrix dValues)
    {
        Shapes.Same(queries.Q, dy);
        Shapes.Same(queries.Q, dq);
        Shapes.Same(queries.Q, queries.Y);
        Shapes.Same(keys, values);
        Shapes.Same(keys, dKeys);
        Shapes.Same(keys, dValues);
        if (queries.LogSums is not { } logSums) throw new ArgumentException("a backward needs the log-sums of its forward");
        Shapes.Is(logSums, dy.Rows, queries.Heads);
        Shapes.Length(queries.Positions, dy.Rows);
        Backward(CpuQueue.Of(queue), queries, keys, values, dy, dq, dKeys, dValues);
    }
}
