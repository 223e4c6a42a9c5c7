using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no gpu: it serves training, which runs on the processor
// no benchmark: bound by memory, measured with a training step
/// <summary>y (+)= x where a number is kept, divided by the share that is; 0 elsewhere. The same seed keeps the same numbers.</summary>
/// <remarks>
/// x, y (T, D). Whether element (r, c) is kept depends on the seed and on r · D + c alone (SplitMix64 of both), so that a backward, and a
/// layer that is computed again, need no mask. y may alias x.
/// </remarks>
internal static partial class Dropout
{
    /// <param name="probability">Of a number to be dropped, 0 to below 1.</param>
    /// <param name="add">Adds to y instead of replacing it: the backward.</param>
    public static void Run(ComputeQueue queue, Matrix x, float probability, ulong seed, Matrix y, bool add = false)
    {
        Shapes.Same(x, y);
        if (probability is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(probability), probability, "0 to below 1");
        Cpu(CpuQueue.Of(queue), x, probability, seed, y, add);
    }
}
