using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Loss;

/// <summary>Negative log-likelihood of the label of each row: loss[t] = log Σ_v exp(logits[t,v]) − logits[t,label[t]].</summary>
/// <remarks>logits (T, V);  labels (T), −100 = not supervised, loss 0;  losses (T, 1). The mean over supervised rows
/// is the caller's.</remarks>
internal static partial class CrossEntropy
{
    /// <summary>The label of a position that is not supervised (PyTorch's ignore_index).</summary>
    public const int Ignored = -100;

    public static void Run(ComputeQueue queue, Matrix logits, IntVector labels, Matrix losses)
    {
        Shapes.Length(labels, logits.Rows);
        Shapes.Is(losses, logits.Rows, 1);
        if (queue is CpuQueue cpu) Cpu(cpu, logits, labels, losses);
        else Gpu((IlgpuQueue)queue, logits, labels, losses);
    }
}
