using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.MatMul;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>The adapter of some rows of a linear, which is one layer of the checkpoint: q, k, v, gate, up.</summary>
/// <param name="Start">First row of the linear, first column of its result.</param>
/// <param name="A">(r, C), float32</param>
/// <param name="B">(R, r), float32</param>
/// <param name="GradientA">Where A's gradient is summed.</param>
/// <param name="GradientB">Where B's gradient is summed.</param>
internal sealed record LoraPart(int Start, Weight A, Weight B, Matrix GradientA, Matrix GradientB);

/// <summary>LoRA beside a frozen linear of any storage type (Hu et al., arXiv:2106.09685): z += s · (drop(x) Aᵀ) Bᵀ by parts.</summary>
/// <param name="parts">In the order of their rows.</param>
/// <param name="column">Where the ranks of this linear begin in the low activations of a layer.</param>
internal sealed class LoraLinear(LlamaLora lora, IReadOnlyList<LoraPart> parts, int outputs, int column, ulong seed)
{
    public IReadOnlyList<LoraPart> Parts => parts;

    /// <summary>(T, outputs): residual plus the adapter's share, in scratch that the next linear uses again.</summary>
    /// <param name="low">(T, sum of ranks of the layer): s · drop(x) Aᵀ, kept for the backward.</param>
    public Matrix Forward(ComputeQueue queue, Matrix x, Matrix low, Matrix? residual)
    {
        Matrix delta = lora.Delta(x.Rows, outputs);
        if (parts.Sum(part => part.B.Rows) < outputs)
        {
            if (residual is { } passing) CopyRows.Run(queue, passing, delta);
            else Fill.Run(queue, delta, 0);
        }
        for (int i = 0, at = column; i < parts.Count; at += parts[i].A.Rows, i++)
        {
            LoraPart part = parts[i];
            Matrix own = low.ColumnRange(at, part.A.Rows);
            Linear.Run(queue, part.A, Dropped(queue, x, i), own);
            Scale.Run(queue, own, lora.Factor);
            Linear.Run(queue, part.B, own, delta.ColumnRange(part.Start, part.B.Rows),
                new Epilogue(Residual: residual?.ColumnRange(part.Start, part.B.Rows)));
        }
        return delta;
    }

    /// <summary>Adds to the gradients of A and B, and to that of x.</summary>
    /// <param name="dz">(T, outputs)</param>
    public void Backward(ComputeQueue queue, Matrix x, Matrix low, Matrix dz, Matrix dx)
    {
        for (int i = 0, at = column; i < parts.Count; at += parts[i].A.Rows, i++)
        {
            LoraPart part = parts[i];
            Matrix d = dz.ColumnRange(part.Start, part.B.Rows), own = low.ColumnRange(at, part.A.Rows);
            Linear.WeightBackward(queue, d, own, part.GradientB);
            Linear.InputBackward(queue, part.B, d, own); // its numbers are not needed any more
            Scale.Run(queue, own, lora.Factor);
            Linear.WeightBackward(queue, own, Dropped(queue, x, i), part.GradientA);
            if (lora.Dropout == 0)
            {
                Linear.InputBackward(queue, part.A, own, dx, add: true);
                continue;
            }
            Matrix through = lora.Dropped(x.Rows, x.Columns);
            Linear.InputBackward(queue, part.A, own, through);
            Dropout.Run(queue, through, lora.Dropout, SeedOf(i), dx, add: true);
        }
    }

    private ulong SeedOf(int part) => lora.Seed + seed + (ulong)part;

    private Matrix Dropped(ComputeQueue queue, Matrix x, int part)
    {
        if (lora.Dropout == 0) return x;
        Matrix dropped = lora.Dropped(x.Rows, x.Columns);
        Dropout.Run(queue, x, lora.Dropout, SeedOf(part), dropped);
        return dropped;
    }
}
