using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class CrossEntropy
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    internal static void Kernel(Index1D item, MatrixView logits, ArrayView<int> labels, MatrixView losses)
    {
        if (item >= logits.Rows) return;
        int row = item, label = labels[row];
        float loss = 0;
        if (label != Ignored)
        {
            float logSum = DeviceLogSum.Row(logits, row, out float largest);
            loss = largest - logits[row, label] + logSum;
        }
        losses[row, 0] = loss;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, IntVector labels, Matrix losses)
        => queue.Launch(queue.Kernels.CrossEntropy, IlgpuQueue.Items(logits.Rows), logits.Gpu(), labels.Gpu(), losses.Gpu());
}
