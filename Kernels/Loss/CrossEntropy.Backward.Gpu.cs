using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Loss;

internal static partial class CrossEntropy
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void BackwardKernel(
        Index1D item, MatrixView<Float32> logits, ArrayView<int> labels, MatrixView<Float32> losses, float factor)
    {
        if (item >= logits.Rows) return;
        int row = item, label = labels[row];
        float loss = 0;
        if (label == Ignored)
        {
            for (int v = 0; v < logits.Columns; v++) logits[row, v] = 0;
        }
        else
        {
            float logSum = DeviceLogSum.Row(logits, row, out float largest);
            loss = largest - logits[row, label] + logSum;
            for (int v = 0; v < logits.Columns; v++)
            {
                float share = XMath.Exp(logits[row, v] - largest - logSum);
                logits[row, v] = factor * (v == label ? share - 1f : share);
            }
        }
        losses[row, 0] = loss;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(IlgpuQueue queue, Matrix logits, IntVector labels, Matrix losses, float factor)
        => queue.Launch(BackwardKernel, logits.Rows, logits.Gpu(), labels.Gpu(), losses.Gpu(), factor);
}
