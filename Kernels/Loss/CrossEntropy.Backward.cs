using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Loss;

// no gpu: a backward runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>Loss and backward in one pass, in place: logits become factor · d loss / d logits.</summary>
/// <remarks>
/// loss[t] as in the forward;   logits[t,v] ← factor · (softmax_v(logits[t]) − [v = label[t]]), 0 where the label is −100
/// </remarks>
internal static partial class CrossEntropy
{
    /// <param name="factor">What the summed losses are multiplied with: 1 / supervised positions, and a loss scale.</param>
    public static void Backward(ComputeQueue queue, Matrix logits, IntVector labels, Matrix losses, float factor)
    {
        Shapes.Length(labels, logits.Rows);
        Shapes.Is(losses, logits.Rows, 1);
        Backward(CpuQueue.Of(queue), logits, labels, losses, factor);
    }
}
