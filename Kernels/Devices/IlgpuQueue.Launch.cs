using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels;

/// <summary>Launches: one overload for each number of a kernel's parameters. Nothing is allocated, no items means no launch.</summary>
internal sealed unsafe partial class IlgpuQueue
{
    public void Launch<T1, T2>(Action<AcceleratorStream, Index1D, T1, T2> kernel, long items, T1 a, T2 b)
    {
        if (items > 0) Submit((kernel, Items(items), a, b), static (k, stream) => k.kernel(stream, k.Item2, k.a, k.b));
    }

    public void Launch<T1, T2, T3>(Action<AcceleratorStream, Index1D, T1, T2, T3> kernel, long items, T1 a, T2 b, T3 c)
    {
        if (items > 0) Submit((kernel, Items(items), a, b, c), static (k, stream) => k.kernel(stream, k.Item2, k.a, k.b, k.c));
    }

    public void Launch<T1, T2, T3, T4>(Action<AcceleratorStream, Index1D, T1, T2, T3, T4> kernel, long items, T1 a, T2 b, T3 c, T4 d)
    {
        if (items > 0) Submit((kernel, Items(items), a, b, c, d), static (k, stream) => k.kernel(stream, k.Item2, k.a, k.b, k.c, k.d));
    }

    public void Launch<T1, T2, T3, T4, T5>(Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e)
    {
        if (items > 0) Submit((kernel, Items(items), a, b, c, d, e), static (k, stream) => k.kernel(stream, k.Item2, k.a, k.b, k.c, k.d, k.e));
    }

    public void Launch<T1, T2, T3, T4, T5, T6>(
        Action<AcceleratorStream, Index1D, T1, T2, T3, T4, T5, T6> kernel, long items, T1 a, T2 b, T3 c, T4 d, T5 e, T6 f)
    {
        if (items > 0) Submit((kernel, Items(items), a, b, c, d, e, f), static (k, stream) => k.kernel(stream, k.Item2, k.a, k.b, k.c, k.d, k.e, k.f));
    }

    private static Index1D Items(long items) => checked((int)items);
}
