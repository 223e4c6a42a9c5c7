using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Launches: an operation names its kernel and gives the arguments. No items means no launch; nothing is allocated.</summary>
/// <remarks>
/// C# has no type for "a method of any number of parameters", so there is an overload for each number. The first
/// launch of a kernel compiles it.
/// </remarks>
internal sealed unsafe partial class IlgpuQueue
{
    /// <summary>Told each kernel before its launch, with the device's accelerator: for tests of the kernels as a whole.</summary>
    internal static Action<Accelerator, Delegate>? Launching { get; set; }

    /// <summary>A kernel whose items work alone.</summary>
    public void Launch<T1, T2>(Action<Index1D, T1, T2> kernel, long items, T1 a, T2 b)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b), static (k, stream) => k.launch(stream, k.extent, k.a, k.b));
    }

    public void Launch<T1, T2, T3>(Action<Index1D, T1, T2, T3> kernel, long items, T1 a, T2 b, T3 c)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c), static (k, stream)
                => k.launch(stream, k.extent, k.a, k.b, k.c));
    }

    public void Launch<T1, T2, T3, T4>(Action<Index1D, T1, T2, T3, T4> kernel, long items, T1 a, T2 b, T3 c, T4 d)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d), static (k, stream)
                => k.launch(stream, k.extent, k.a, k.b, k.c, k.d));
    }

    public void Launch<T1, T2, T3, T4, T5>(Action<Index1D, T1, T2, T3, T4, T5> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d, e),
                static (k, stream) => k.launch(stream, k.extent, k.a, k.b, k.c, k.d, k.e));
    }

    public void Launch<T1, T2, T3, T4, T5, T6>(
        Action<Index1D, T1, T2, T3, T4, T5, T6> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d, e, f),
                static (k, stream) => k.launch(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f));
    }

    public void Launch<T1, T2, T3, T4, T5, T6, T7>(
        Action<Index1D, T1, T2, T3, T4, T5, T6, T7> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d, e, f, g),
                static (k, stream) => k.launch(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g));
    }

    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8>(
        Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d, e, f, g, h),
                static (k, stream) => k.launch(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g, k.h));
    }

    public void Launch<T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        Action<Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h, T9 i)
    {
        if (Find<Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6, T7, T8, T9>>(kernel, items) is { } found)
            mode.Take((launch: found.Launcher, extent: Items(items), a, b, c, d, e, f, g, h, i),
                static (k, stream) => k.launch(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g, k.h, k.i));
    }

    /// <summary>A kernel whose items work in groups; how many items a group has is said by its mark.</summary>
    public void LaunchGroups<T1, T2>(Action<T1, T2> kernel, Index3D groups, T1 a, T2 b)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b), static (k, stream)
                => k.launch(stream, k.groups, k.a, k.b));
    }

    public void LaunchGroups<T1, T2, T3>(Action<T1, T2, T3> kernel, Index3D groups, T1 a, T2 b, T3 c)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2, T3>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b, c), static (k, stream)
                => k.launch(stream, k.groups, k.a, k.b, k.c));
    }

    public void LaunchGroups<T1, T2, T3, T4>(Action<T1, T2, T3, T4> kernel, Index3D groups, T1 a, T2 b, T3 c, T4 d)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b, c, d), static (k, stream)
                => k.launch(stream, k.groups, k.a, k.b, k.c, k.d));
    }

    public void LaunchGroups<T1, T2, T3, T4, T5>(Action<T1, T2, T3, T4, T5> kernel, Index3D groups, T1 a, T2 b, T3 c, T4 d, T5 e)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b, c, d, e), static (k, stream)
                => k.launch(stream, k.groups, k.a, k.b, k.c, k.d, k.e));
    }

    public void LaunchGroups<T1, T2, T3, T4, T5, T6>(
        Action<T1, T2, T3, T4, T5, T6> kernel, Index3D groups, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b, c, d, e, f), static (k, stream)
                => k.launch(stream, k.groups, k.a, k.b, k.c, k.d, k.e, k.f));
    }

    public void LaunchGroups<T1, T2, T3, T4, T5, T6, T7>(
        Action<T1, T2, T3, T4, T5, T6, T7> kernel, Index3D groups, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
    {
        if (Find<Action<AcceleratorStream, KernelConfig, T1, T2, T3, T4, T5, T6, T7>>(kernel, groups.Size) is { } found)
            mode.Take((launch: found.Launcher, groups: found.Config(groups), a, b, c, d, e, f, g),
                static (k, stream) => k.launch(stream, k.groups, k.a, k.b, k.c, k.d, k.e, k.f, k.g));
    }

    /// <exception cref="OverflowException">More items than a launch can have.</exception>
    private static Index1D Items(long items) => checked((int)items);

    /// <summary>The kernel; null if it is not to be launched: there are no items, or kernels are only listed.</summary>
    private LazyKernel<TLauncher>? Find<TLauncher>(Delegate kernel, long extent) where TLauncher : Delegate
    {
        if (extent == 0) return null;
        LazyKernel<TLauncher> lazy = device.Kernels.Get<TLauncher>(kernel);
        mode.Note(lazy);
        if (!mode.TakesWork) return null;
        Launching?.Invoke(device.Accelerator, kernel);
        return lazy;
    }
}
