using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>Soft-max attention of query rows over one conversation's KV cache, causal by position, grouped-query.</summary>
/// <remarks>
/// y[t,h] = Σ_{j ≤ p[t]} a[j] v[j,g],   a = softmax_j(q[t,h] · k[j,g] / √d),   g = h / (H / G)
/// q, y (T, H·d);  k, v cache (capacity, G·d), numbers or <see cref="HeadRows"/> of bytes, rows 0..p filled;
/// positions p (T). y may not alias q. Soft-max in float32.
/// logSums (T, H), float32, where a backward asks for them: log Σ_{j ≤ p[t]} exp(q[t,h] · k[j,g] / √d), so that a[j] = exp(score − logSum).
/// </remarks>
internal static partial class CausalAttention
{
    public static void Run(
        ComputeQueue queue, Matrix q, HeadRows keys, HeadRows values, IntVector positions, int headSize, Matrix y, Matrix? logSums = null)
        => Run(queue, q, [new CacheSegment(keys, values, q.Rows)], positions, headSize, y, logSums);

    /// <summary>Of several conversations: the rows of each look at its own cache.</summary>
    /// <param name="logSums">Kept for a backward; null in inference.</param>
    public static void Run(
        ComputeQueue queue, Matrix q, ReadOnlySpan<CacheSegment> segments, IntVector positions, int headSize, Matrix y,
        Matrix? logSums = null)
    {
        Shapes.Same(q, y);
        CacheSegment.Check(segments, q.Rows, headSize);
        Shapes.Length(positions, q.Rows);
        int keyColumns = segments[0].Keys.Columns;
        if (q.Columns % headSize != 0 || keyColumns % headSize != 0 || q.Columns % keyColumns != 0)
            throw new ArgumentException($"{q.Columns} query and {keyColumns} key columns do not divide into heads of {headSize}");
        if (logSums is { } kept) Shapes.Is(kept, q.Rows, q.Columns / headSize);
        var queries = new QueryRows(q, positions, headSize, y, logSums);
        if (queue is IlgpuQueue gpu && GpuBatch(gpu, queries, segments)) return;
        int row = 0;
        foreach ((HeadRows keys, HeadRows values, int rows) in segments)
        {
            QueryRows part = queries.Range(row, rows);
            if (queue is CpuQueue cpu) Cpu(cpu, part, keys, values);
            else Gpu((IlgpuQueue)queue, part, keys, values);
            row += rows;
        }
    }
}
