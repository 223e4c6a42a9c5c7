using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Sampling;

internal static partial class RepetitionPenalty
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one logit.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> logits, ArrayView<int> marks, MatrixView<Float32> settings)
    {
        if (item >= logits.Columns || marks[item] == 0) return;
        float logit = logits[0, item], penalty = settings[0, SamplingSettings.Penalty];
        if (logit < 0) logits[0, item] = logit * penalty;
        else if (logit < float.PositiveInfinity) logits[0, item] = DeviceMath.Divide(logit, penalty);
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, IntVector marks, Matrix settings)
        => queue.Launch(Kernel, logits.Columns, logits.Gpu(), marks.Gpu(), settings.Gpu());
}
