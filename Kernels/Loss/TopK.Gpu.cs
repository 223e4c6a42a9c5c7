using ILGPU;

namespace EdgeVideoLlava.Kernels;

public static partial class TopK
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row. A pass for each of the k finds the first that comes after the one before, so that nothing is moved.</summary>
    internal static void Kernel(Index1D item, MatrixView logits, int candidates, ArrayView<int> ids, MatrixView logProbabilities)
    {
        if (item >= logits.Rows) return;
        int row = item, k = logProbabilities.Columns, id = -1;
        float logSum = DeviceLogSum.Row(logits, row, out float largest), logit = float.PositiveInfinity;
        for (int i = 0; i < k; i++)
        {
            id = Next(logits, row, candidates, logit, id);
            if (id < 0) id = i; // nothing comes after: the row holds numbers that are none
            logit = logits[row, id];
            ids[row * k + i] = id;
            logProbabilities[row, i] = logit - largest - logSum;
        }
    }

    // The largest logit below the given one, or as large with a higher id; of equal ones the lowest id.
    private static int Next(MatrixView logits, int row, int candidates, float before, int idBefore)
    {
        int best = -1;
        float largest = 0;
        for (int v = 0; v < candidates; v++)
        {
            float logit = logits[row, v];
            if (logit > before || (logit == before && v <= idBefore)) continue;
            if (best >= 0 && !(logit > largest)) continue;
            best = v;
            largest = logit;
        }
        return best;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, int candidates, IntVector ids, Matrix logProbabilities)
        => queue.Launch(queue.Kernels.TopK, IlgpuQueue.Items(logits.Rows), logits.Gpu(), candidates, ids.Gpu(), logProbabilities.Gpu());
}
