using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>One number of every item of a group to one for all.</summary>
internal static class GroupReduce
{
    /// <remarks>Before the numbers are written again a barrier has to follow: others may still read them.</remarks>
    /// <param name="numbers">Shared memory, a place an item.</param>
    /// <param name="items">Of the group, a power of two.</param>
    public static float All<TJoin>(ArrayView<float> numbers, float own, int items) where TJoin : struct, IJoin
    {
        int item = Group.IdxX;
        numbers[item] = own;
        Group.Barrier();
        for (int half = items / 2; half > 0; half /= 2)
        {
            if (item < half) numbers[item] = default(TJoin).Join(numbers[item], numbers[item + half]);
            Group.Barrier();
        }
        return numbers[0];
    }
}

internal interface IJoin
{
    float Join(float a, float b);
}

internal readonly struct Largest : IJoin
{
    public float Join(float a, float b) => XMath.Max(a, b);
}

internal readonly struct Sum : IJoin
{
    public float Join(float a, float b) => a + b;
}
