namespace EdgeVideoLlava.Kernels;

/// <summary>Soft-max attention of query rows over one conversation's KV cache, causal by position, grouped-query.</summary>
/// <remarks>
/// y[t,h] = Σ_{j ≤ p[t]} a[j] v[j,g],   a = softmax_j(q[t,h] · k[j,g] / √d),   g = h / (H / G)
/// q, y (T, H·d);  k, v cache (capacity, G·d), numbers or <see cref="HeadRows"/> of bytes, rows 0..p filled;  positions p (T). y may not alias q. Soft-max in float32.
/// </remarks>
public static partial class CausalAttention
{
    public static void Run(ComputeQueue queue, Matrix q, HeadRows keys, HeadRows values, IntVector positions, int headSize, Matrix y)
    {
        Shapes.Same(q, y);
        HeadRows.Check(keys, values, headSize);
        Shapes.Length(positions, q.Rows);
        if (q.Columns % headSize != 0 || keys.Columns % headSize != 0 || q.Columns % keys.Columns != 0)
            throw new ArgumentException($"{q.Columns} query and {keys.Columns} key columns do not divide into heads of {headSize}");
        if (queue is CpuQueue cpu) Cpu(cpu, q, keys, values, positions, headSize, y);
        else Gpu((IlgpuQueue)queue, q, keys, values, positions, headSize, y);
    }
}
