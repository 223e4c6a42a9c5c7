using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Loss;

internal static partial class TopK
{
    internal const int Items = 256;

    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row. A pass for each of the k finds the first that comes after the one before, so
    /// that nothing is moved.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> logits, int candidates, ArrayView<int> ids,
        MatrixView<Float32> logProbabilities)
    {
        if (item >= logits.Rows) return;
        int row = item, k = logProbabilities.Columns, id = -1;
        float logSum = DeviceLogSum.Row(logits, row, out float largest), logit = float.PositiveInfinity;
        for (int i = 0; i < k; i++)
        {
            id = Next(logits, row, 0, 1, candidates, logit, id);
            if (id < 0) id = i; // nothing comes after: the row holds numbers that are none
            logit = logits[row, id];
            ids[row * k + i] = id;
            logProbabilities[row, i] = logit - largest - logSum;
        }
    }

    /// <summary>A group is a row, and each item looks at every 256th number; the k passes as in <see cref="Kernel"/>.</summary>
    [Kernel(Group = Items)]
    internal static void GroupKernel(MatrixView<Float32> logits, int candidates, ArrayView<int> ids, MatrixView<Float32> logProbabilities)
    {
        ArrayView<float> numbers = SharedMemory.Allocate<float>(Items);
        ArrayView<int> who = SharedMemory.Allocate<int>(Items);
        int row = Grid.IdxX, item = Group.IdxX, k = logProbabilities.Columns, id = -1;
        float logSum = DeviceLogSum.GroupRow(logits, row, numbers, Items, out float largest), logit = float.PositiveInfinity;
        for (int i = 0; i < k; i++)
        {
            id = Next(logits, row, item, Items, candidates, logit, id);
            Group.Barrier(); // all have read what was there
            numbers[item] = id < 0 ? 0f : logits[row, id];
            who[item] = id;
            Group.Barrier();
            for (int half = Items / 2; half > 0; half /= 2)
            {
                if (item < half && IsBetter(numbers[item + half], who[item + half], numbers[item], who[item]))
                {
                    numbers[item] = numbers[item + half];
                    who[item] = who[item + half];
                }
                Group.Barrier();
            }
            id = who[0];
            if (id < 0) id = i;
            logit = logits[row, id];
            if (item == 0)
            {
                ids[row * k + i] = id;
                logProbabilities[row, i] = logit - largest - logSum;
            }
        }
    }

    private static bool IsBetter(float number, int id, float than, int thanId)
        => id >= 0 && (thanId < 0 || number > than || (number == than && id < thanId));

    // The largest logit below the given one, or as large with a higher id, of every step-th from first on; of equal ones the lowest id.
    private static int Next(MatrixView<Float32> logits, int row, int first, int step, int candidates, float before, int idBefore)
    {
        int best = -1;
        float largest = 0;
        for (int v = first; v < candidates; v += step)
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
    {
        if (queue.Tier == KernelTier.Processor)
            queue.Launch(Kernel, logits.Rows, logits.Gpu(), candidates, ids.Gpu(), logProbabilities.Gpu());
        else queue.LaunchGroups(GroupKernel, new Index3D(logits.Rows, 1, 1), logits.Gpu(), candidates, ids.Gpu(),
            logProbabilities.Gpu());
    }
}
