using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Elementwise;

// no benchmark: bound by memory, measured with a training step
/// <summary>y (+)= x where a number is kept, divided by the share that is; 0 elsewhere. The same seed keeps the same numbers.</summary>
/// <remarks>
/// x, y (T, D). Whether element (r, c) is kept depends on the seed and on r · D + c alone (SplitMix64 of both), so that a backward, and a
/// layer that is computed again, need no mask. y may alias x.
/// </remarks>
internal static partial class Dropout
{
    private static uint Threshold(float probability) => (uint)(probability * (1L << 32));

    private static float Factor(float probability) => 1 / (1 - probability);

    /// <summary>SplitMix64's finalizer (Steele, Lea and Flood, 2014), its upper half.</summary>
    private static uint Hash(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (uint)((z ^ (z >> 31)) >> 32);
    }

    /// <param name="probability">Of a number to be dropped, 0 to below 1.</param>
    /// <param name="add">Adds to y instead of replacing it: the backward.</param>
    public static void Run(ComputeQueue queue, Matrix x, float probability, ulong seed, Matrix y, bool add = false)
    {
        Shapes.Same(x, y);
        if (probability is not (>= 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(probability), probability, "0 to below 1");
        if (queue is CpuQueue cpu) Cpu(cpu, x, probability, seed, y, add);
        else Gpu((IlgpuQueue)queue, x, probability, seed, y, add);
    }
}
