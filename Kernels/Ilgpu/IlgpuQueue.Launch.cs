using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Launches: one overload for each number of a kernel's parameters. Nothing is allocated, no items means no launch. The first launch compiles the kernel.</summary>
/// <remarks>The extent is what the kernel was loaded for: a number of items that work alone, or groups of items.</remarks>
internal sealed unsafe partial class IlgpuQueue
{
    public void Launch<TExtent, T1, T2>(LazyKernel<Action<AcceleratorStream, TExtent, T1, T2>> kernel, TExtent extent, T1 a, T2 b) where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b));
    }

    public void Launch<TExtent, T1, T2, T3>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3>> kernel, TExtent extent, T1 a, T2 b, T3 c)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c));
    }

    public void Launch<TExtent, T1, T2, T3, T4>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d));
    }

    public void Launch<TExtent, T1, T2, T3, T4, T5>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4, T5>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d, T5 e)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d, e), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d, k.e));
    }

    public void Launch<TExtent, T1, T2, T3, T4, T5, T6>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4, T5, T6>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d, e, f), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f));
    }

    public void Launch<TExtent, T1, T2, T3, T4, T5, T6, T7>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4, T5, T6, T7>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d, e, f, g), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g));
    }

    public void Launch<TExtent, T1, T2, T3, T4, T5, T6, T7, T8>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4, T5, T6, T7, T8>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d, e, f, g, h), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g, k.h));
    }

    public void Launch<TExtent, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        LazyKernel<Action<AcceleratorStream, TExtent, T1, T2, T3, T4, T5, T6, T7, T8, T9>> kernel, TExtent extent, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f, T7 g, T8 h, T9 i)
        where TExtent : struct
    {
        if (IsToRun(kernel, extent)) Submit((kernel.Launcher, extent, a, b, c, d, e, f, g, h, i), static (k, stream) => k.Launcher(stream, k.extent, k.a, k.b, k.c, k.d, k.e, k.f, k.g, k.h, k.i));
    }

    /// <exception cref="OverflowException">More items than a launch can have.</exception>
    public static Index1D Items(long items) => checked((int)items);

    /// <summary>While kernels are only compiled, one that would be launched is remembered and not run.</summary>
    private bool IsToRun<TExtent>(LazyKernel kernel, TExtent extent)
    {
        if (!HasItems(extent)) return false;
        wanted?.Add(kernel);
        return wanted == null;
    }

    private static bool HasItems<TExtent>(TExtent extent) => extent is Index1D items ? items > 0 : extent is KernelConfig { IsValid: true } groups && groups.GridDim.Size > 0;
}
