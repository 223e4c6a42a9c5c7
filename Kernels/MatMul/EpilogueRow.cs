using System.Runtime.CompilerServices;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>An <see cref="Epilogue"/> on the CPU: from sums to what is stored.</summary>
internal readonly unsafe struct EpilogueRow
{
    private readonly float* y, bias, residual, kept;
    private readonly int strideY, strideR, strideK;
    private readonly Activation activation;

    public EpilogueRow(Matrix y, Epilogue epilogue)
    {
        this.y = y.Cpu();
        (strideY, Outputs) = (y.Stride, y.Columns);
        bias = epilogue.Bias.CpuOrNull();
        residual = epilogue.Residual.CpuOrNull();
        strideR = epilogue.Residual?.Stride ?? 0;
        kept = epilogue.PreActivation.CpuOrNull();
        strideK = epilogue.PreActivation?.Stride ?? 0;
        activation = epilogue.Activation;
    }

    /// <summary>Columns of y.</summary>
    public int Outputs { get; }

    /// <summary>Two weight rows make one output: gate and up.</summary>
    public bool Gated => activation == Activation.SiluUp;

    /// <summary>Stores the outputs first..first+count-1 of a row.</summary>
    /// <param name="sums">(count) sums of the row; of the gate rows where gated.</param>
    /// <param name="up">(count) sums of the up rows where gated.</param>
    public void Store<V>(float* sums, float* up, int row, int first, int count) where V : unmanaged, ILanes<V>
    {
        int done = Lanes<V>(sums, up, row, first, 0, count);
        if (done < count) Lanes<Lanes1>(sums, up, row, first, done, count);
    }

    private int Lanes<V>(float* sums, float* up, int row, int first, int i, int count) where V : unmanaged, ILanes<V>
    {
        float* target = y + (long)row * strideY + first;
        for (; i + V.Count <= count; i += V.Count)
        {
            V z = V.Load(sums + i);
            if (bias != null) z += V.Load(bias + first + i);
            if (kept != null) z.Store(kept + (long)row * strideK + first + i);
            z = Activate(z, up, row, first, i);
            if (residual != null) z += V.Load(residual + (long)row * strideR + first + i);
            z.Store(target + i);
        }
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private V Activate<V>(V z, float* up, int row, int first, int i) where V : unmanaged, ILanes<V>
    {
        switch (activation)
        {
            case Activation.Gelu: return VectorMath.Gelu(z);
            case Activation.QuickGelu: return VectorMath.QuickGelu(z);
            case Activation.SiluUp:
                V u = V.Load(up + i);
                if (bias != null) u += V.Load(bias + Outputs + first + i);
                if (kept != null) u.Store(kept + (long)row * strideK + Outputs + first + i);
                return VectorMath.Silu(z) * u;
            default: return z;
        }
    }
}
