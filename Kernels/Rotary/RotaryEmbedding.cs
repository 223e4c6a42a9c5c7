using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Rotary;

/// <summary>Rotary position embedding, half-split pairs (Su et al., arXiv:2104.09864; rotate_half of transformers'
/// LLaMA), of queries and of keys, which go to the KV cache with their values.</summary>
/// <remarks>
/// For each head x of q and k and i &lt; d/2, at position p of the row:
/// y[i] = x[i] · cos[p,i] − x[i+d/2] · sin[p,i];   y[i+d/2] = x[i+d/2] · cos[p,i] + x[i] · sin[p,i]
/// queries[t] = y of q[t];   keys[p[t]] = y of k[t];   values[p[t]] = v[t]
/// qkv (T, Q + 2·K): q, k, v side by side;  cos, sin (positions, d/2), angle p · θ^(−2i/d) from <see cref="Tables"/>;
///  positions p (T), distinct, below
/// the capacity;  queries (T, Q);  keys, values (capacity, K), numbers or <see cref="HeadRows"/> of bytes, other rows
/// stay. Nothing may alias qkv.
/// </remarks>
internal static partial class RotaryEmbedding
{
    public static void Run(ComputeQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys,
        HeadRows values)
        => Run(queue, qkv, cos, sin, positions, queries, [new CacheSegment(keys, values, qkv.Rows)]);

    /// <summary>Of several conversations: the rows of each go to its own cache, at positions of its own.</summary>
    public static void Run(ComputeQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries,
        ReadOnlySpan<CacheSegment> segments)
    {
        Shapes.Same(cos, sin);
        CacheSegment.Check(segments, qkv.Rows, 2 * cos.Columns);
        Shapes.Length(positions, qkv.Rows);
        int keyColumns = segments[0].Keys.Columns;
        Shapes.Is(queries, qkv.Rows, qkv.Columns - 2 * keyColumns);
        if (queries.Columns % (2 * cos.Columns) != 0 || keyColumns % (2 * cos.Columns) != 0)
            throw new ArgumentException(
                $"{queries.Columns} query and {keyColumns} key columns are not multiples of the head size {2 * cos.Columns}");
        if (queue is IlgpuQueue gpu && CacheSets.Fit(gpu, segments))
        {
            GpuBatch(gpu, qkv, cos, sin, positions, queries, segments);
            return;
        }
        int row = 0;
        foreach ((HeadRows keys, HeadRows values, int rows) in segments)
        {
            Matrix part = qkv.RowRange(row, rows), target = queries.RowRange(row, rows);
            if (queue is CpuQueue cpu) Cpu(cpu, part, cos, sin, positions.Range(row, rows), target, keys, values);
            else Gpu((IlgpuQueue)queue, part, cos, sin, positions.Range(row, rows), target, keys, values);
            row += rows;
        }
    }

    /// <summary>The tables for positions 0..count-1 and heads of size d: two arrays of (count, d/2).</summary>
    public static (float[] Cos, float[] Sin) Tables(int count, int headSize, double theta)
    {
        int half = headSize / 2;
        var cos = new float[count * half];
        var sin = new float[count * half];
        for (int i = 0; i < half; i++)
        {
            // The reference keeps the inverse frequencies in float32 and multiplies in float32; the angle then goes to cos and sin.
            float frequency = (float)(1.0 / Math.Pow(theta, 2.0 * i / headSize));
            for (int position = 0; position < count; position++)
            {
                float angle = position * frequency;
                cos[position * half + i] = (float)Math.Cos(angle);
                sin[position * half + i] = (float)Math.Sin(angle);
            }
        }
        return (cos, sin);
    }
}
