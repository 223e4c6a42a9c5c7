using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Kernels of one group of 32 (two for the race between groups) with one fault each, for
/// <see cref="SanitizerTests"/>. a and o have 32 numbers.</summary>
internal static class PlantedFaults
{
    [Kernel(Group = 32)]
    public static void None(ArrayView<float> a, ArrayView<float> o)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(32);
        int t = Group.IdxX;
        shared[t] = a[t];
        Group.Barrier();
        o[t] = shared[31 - t];
    }

    [Kernel(Group = 32)]
    public static void GlobalWriteOutOfBounds(ArrayView<float> a, ArrayView<float> o) => o[Group.IdxX + 1] = a[Group.IdxX];

    [Kernel(Group = 32)]
    public static void GlobalReadOutOfBounds(ArrayView<float> a, ArrayView<float> o) => o[Group.IdxX] = a[Group.IdxX + 1];

    [Kernel(Group = 32)]
    public static void SharedWriteOutOfBounds(ArrayView<float> a, ArrayView<float> o)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(32);
        int t = Group.IdxX;
        shared[t + 1] = a[t];
        Group.Barrier();
        o[t] = shared[t];
    }

    [Kernel(Group = 32)]
    public static void SharedRace(ArrayView<float> a, ArrayView<float> o)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(32);
        int t = Group.IdxX;
        shared[t] = a[t];
        o[t] = shared[31 - t];
    }

    [Kernel(Group = 32)]
    public static void GlobalRace(ArrayView<float> a, ArrayView<float> o) => o[0] = a[Group.IdxX] + Grid.IdxX;

    [Kernel(Group = 32)]
    public static void UninitialisedShared(ArrayView<float> a, ArrayView<float> o)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(32);
        int t = Group.IdxX;
        if (t < 31) shared[t] = a[t];
        Group.Barrier();
        o[t] = shared[31 - t] > 0.5f ? 1 : 0;
    }

    [Kernel(Group = 32)]
    public static void DivergentBarrier(ArrayView<float> a, ArrayView<float> o)
    {
        int t = Group.IdxX;
        if (t < 16) Group.Barrier();
        o[t] = a[t];
    }

    [Kernel(Group = 32)]
    public static void EarlyReturn(ArrayView<float> a, ArrayView<float> o)
    {
        int t = Group.IdxX;
        if (t >= 16) return;
        Group.Barrier();
        o[t] = a[t];
    }
}
