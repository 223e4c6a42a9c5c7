using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Preprocess;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Loss;

internal static partial class CrossEntropy
{
    internal const int Items = 256;

    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one row.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> logits, ArrayView<int> labels, MatrixView<Float32> losses)
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

    /// <summary>A group is a row, and each item looks at every 256th number.</summary>
    [Kernel(Group = Items)]
    internal static void GroupKernel(MatrixView<Float32> logits, ArrayView<int> labels, MatrixView<Float32> losses)
    {
        ArrayView<float> numbers = SharedMemory.Allocate<float>(Items);
        int row = Grid.IdxX, label = labels[row];
        float loss = 0;
        if (label != Ignored) // the same for the whole group
        {
            float logSum = DeviceLogSum.GroupRow(logits, row, numbers, Items, out float largest);
            loss = largest - logits[row, label] + logSum;
        }
        if (Group.IdxX == 0) losses[row, 0] = loss;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix logits, IntVector labels, Matrix losses)
    {
        if (queue.Tier == KernelTier.Processor) queue.Launch(Kernel, logits.Rows, logits.Gpu(), labels.Gpu(), losses.Gpu());
        else queue.LaunchGroups(GroupKernel, new Index3D(logits.Rows, 1, 1), logits.Gpu(), labels.Gpu(), losses.Gpu());
    }
}
