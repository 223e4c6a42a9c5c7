using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>The caches of up to 8 conversations of a decode step, which have a row each: kernels choose by the row,
/// so that one launch serves all.</summary>
/// <remarks>About a kilobyte of parameters: CUDA takes four, an OpenCL device may take less than one and runs a
/// launch for each conversation.</remarks>
internal readonly struct CacheSet<TView> where TView : struct
{
    public const int Most = 8;

    private readonly HeadRowsView<TView> k0, k1, k2, k3, k4, k5, k6, k7, v0, v1, v2, v3, v4, v5, v6, v7;

    /// <param name="make">A view of keys or values, and of any memory in place of absent scales.</param>
    public CacheSet(ReadOnlySpan<CacheSegment> segments, IntVector any, Func<HeadRows, IntVector, HeadRowsView<TView>> make)
    {
        (k0, v0) = Views(At(segments, 0));
        (k1, v1) = Views(At(segments, 1));
        (k2, v2) = Views(At(segments, 2));
        (k3, v3) = Views(At(segments, 3));
        (k4, v4) = Views(At(segments, 4));
        (k5, v5) = Views(At(segments, 5));
        (k6, v6) = Views(At(segments, 6));
        (k7, v7) = Views(At(segments, 7));

        (HeadRowsView<TView> Keys, HeadRowsView<TView> Values) Views(CacheSegment segment)
            => (make(segment.Keys, any), make(segment.Values, any));
    }

    public HeadRowsView<TView> Keys(int row) => Of(row, k0, k1, k2, k3, k4, k5, k6, k7);

    public HeadRowsView<TView> Values(int row) => Of(row, v0, v1, v2, v3, v4, v5, v6, v7);

    // The last one is repeated beyond the end: a kernel's views must all be valid.
    private static CacheSegment At(ReadOnlySpan<CacheSegment> segments, int index) => segments[Math.Min(index, segments.Length - 1)];

    private static HeadRowsView<TView> Of(int row, HeadRowsView<TView> a, HeadRowsView<TView> b, HeadRowsView<TView> c,
        HeadRowsView<TView> d,
        HeadRowsView<TView> e, HeadRowsView<TView> f, HeadRowsView<TView> g, HeadRowsView<TView> h)
    {
        HeadRowsView<TView> chosen = a;
        if (row == 1) chosen = b;
        if (row == 2) chosen = c;
        if (row == 3) chosen = d;
        if (row == 4) chosen = e;
        if (row == 5) chosen = f;
        if (row == 6) chosen = g;
        if (row == 7) chosen = h;
        return chosen;
    }
}

internal static class CacheSets
{
    /// <summary>Whether one launch can serve all: some conversations with a row each, on a device that takes so many parameters.</summary>
    public static bool Fit(IlgpuQueue queue, ReadOnlySpan<CacheSegment> segments)
    {
        if (!queue.TakesManyViews || queue.Tier == KernelTier.Processor || segments.Length is < 2 or > CacheSet<MatrixView<Float32>>.Most)
            return false;
        foreach (CacheSegment segment in segments)
        {
            if (segment.Rows != 1) return false;
        }
        return true;
    }
}
