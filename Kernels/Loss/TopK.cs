using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Loss;

/// <summary>The k largest logits of each row, largest first, with their log-probabilities (log-soft-max over the whole row).</summary>
/// <remarks>
/// logProbabilities[b,i] = logits[b,ids[b,i]] − log Σ_v exp(logits[b,v]);   equal logits: the lower id first
/// logits (B, V);  ids (B·k);  logProbabilities (B, k). Only the first candidates columns compete; all count in the sum.
/// </remarks>
internal static partial class TopK
{
    public static void Run(ComputeQueue queue, Matrix logits, int candidates, IntVector ids, Matrix logProbabilities)
    {
        int k = logProbabilities.Columns;
        Shapes.Is(logProbabilities, logits.Rows, k);
        Shapes.Length(ids, logits.Rows * k);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(candidates, logits.Columns);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(k, candidates);
        if (queue is CpuQueue cpu) Cpu(cpu, logits, candidates, ids, logProbabilities);
        else Gpu((IlgpuQueue)queue, logits, candidates, ids, logProbabilities);
    }
}
