using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class TopK
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row: insertion into its short sorted list.</summary>
    internal static void Kernel(Index1D item, MatrixView logits, int candidates, ArrayView<int> ids, MatrixView logProbabilities)
    {
        if (item >= logits.Rows) return;
        int row = item, k = logProbabilities.Columns, held = 0;
        for (int v = 0; v < candidates; v++)
        {
            float logit = logits[row, v];
            if (held == k && !(logit > logProbabilities[row, k - 1])) continue;
            int at = held < k ? held : k - 1;
            if (held < k) held++;
            for (; at > 0 && logit > logProbabilities[row, at - 1]; at--)
            {
                logProbabilities[row, at] = logProbabilities[row, at - 1];
                ids[row * k + at] = ids[row * k + at - 1];
            }
            logProbabilities[row, at] = logit;
            ids[row * k + at] = v;
        }
        float logSum = DeviceLogSum.Row(logits, row, out float largest);
        for (int i = 0; i < k; i++) logProbabilities[row, i] = logProbabilities[row, i] - largest - logSum;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, int candidates, IntVector ids, Matrix logProbabilities)
        => queue.Launch(queue.Kernels.TopK, logits.Rows, logits.Gpu(), candidates, ids.Gpu(), logProbabilities.Gpu());
}
