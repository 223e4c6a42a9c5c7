using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Soft-max attention without a mask inside many short sequences: the towers' spatial and temporal attention
/// (CLIPAttention).</summary>
/// <remarks>
/// y[i,h] = Σ_j a[j] v[j,h],   a = softmax_j(q[i,h] · k[j,h] / √d), j over the sequence of row i
/// qkv (R, 3·D): q, k, v side by side, D = H·d;  y (R, D);  the rows of a sequence by <see cref="SequenceLayout"/>, R
/// = Count · Length. y may not alias qkv.
/// logSums (R, H), float32, where a backward asks for them: log Σ_j exp(q[i,h] · k[j,h] / √d), so that a[j] = exp(score − logSum).
/// </remarks>
internal static partial class FullAttention
{
    /// <param name="logSums">Kept for a backward; null in inference.</param>
    public static void Run(ComputeQueue queue, Matrix qkv, SequenceLayout layout, int heads, Matrix y, Matrix? logSums = null)
    {
        Shapes.Is(qkv, y.Rows, 3 * y.Columns);
        if (layout.Count * layout.Length != y.Rows)
            throw new ArgumentException($"{layout.Count} sequences of {layout.Length} do not make {y.Rows} rows");
        if (y.Columns % heads != 0) throw new ArgumentException($"{y.Columns} columns do not divide into {heads} heads");
        if (logSums is { } kept) Shapes.Is(kept, y.Rows, heads);
        if (queue is CpuQueue cpu) Cpu(cpu, qkv, layout, heads, y, logSums);
        else Gpu((IlgpuQueue)queue, qkv, layout, heads, y, logSums);
    }
}
