using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>y = epilogue(x Wᵀ): every linear layer of the model, whatever the weight's storage type.</summary>
/// <remarks>
/// z[t,r] = b[r] + Σ_c x[t,c] · W[r,c];   y = residual + f(z), f by the epilogue (identity, GELU, quick GELU)
/// SiLU·up: W holds F gate rows, then F up rows;   y[t,f] = silu(z[t,f]) · z[t,F+f]
/// x (T, C) float32;  W (R, C) F32, F16, BF16 or blocks, accumulated in float32;  b (1, R);  y, residual (T, R), or y (T, R/2) for SiLU·up.
/// z (T, R), float32, where a backward asks for it (<see cref="Epilogue.PreActivation"/>).
/// y must alias neither x nor the residual nor z.
/// </remarks>
internal static partial class Linear
{
    public static void Run(ComputeQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue = default)
    {
        bool gated = epilogue.Activation == Activation.SiluUp;
        if (x.Columns != weight.Columns) throw new ArgumentException($"{weight.Name} has {weight.Columns} columns, x has {x.Columns}");
        if (gated && weight.Rows % 2 != 0)
            throw new ArgumentException($"{weight.Name} has {weight.Rows} rows; gate and up need an even number");
        Shapes.Is(y, x.Rows, gated ? weight.Rows / 2 : weight.Rows);
        if (epilogue.Bias is { } bias) Shapes.Vector(bias, weight.Rows);
        if (epilogue.Residual is { } residual) Shapes.Same(residual, y);
        if (epilogue.PreActivation is { } kept) Shapes.Is(kept, x.Rows, weight.Rows);
        if (queue is CpuQueue cpu) Cpu(cpu, weight, x, y, epilogue);
        else Gpu((IlgpuQueue)queue, weight, x, y, epilogue);
    }
}
