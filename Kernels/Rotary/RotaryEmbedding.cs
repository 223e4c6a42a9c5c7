namespace EdgeVideoLlava.Kernels;

/// <summary>Rotary position embedding, half-split pairs (Su et al., arXiv:2104.09864; rotate_half of transformers' LLaMA), of queries and of keys, which go to the KV cache with their values.</summary>
/// <remarks>
/// For each head x of q and k and i &lt; d/2, at position p of the row:
/// y[i] = x[i] · cos[p,i] − x[i+d/2] · sin[p,i];   y[i+d/2] = x[i+d/2] · cos[p,i] + x[i] · sin[p,i]
/// queries[t] = y of q[t];   keys[p[t]] = y of k[t];   values[p[t]] = v[t]
/// qkv (T, Q + 2·K): q, k, v side by side;  cos, sin (positions, d/2), angle p · θ^(−2i/d) from <see cref="Tables"/>;  positions p (T), distinct, below
/// the capacity;  queries (T, Q);  keys, values (capacity, K), numbers or <see cref="HeadRows"/> of bytes, other rows stay. Nothing may alias qkv.
/// </remarks>
public static partial class RotaryEmbedding
{
    public static void Run(ComputeQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys, HeadRows values)
    {
        Shapes.Same(cos, sin);
        HeadRows.Check(keys, values, 2 * cos.Columns);
        Shapes.Length(positions, qkv.Rows);
        Shapes.Is(queries, qkv.Rows, qkv.Columns - 2 * keys.Columns);
        if (queries.Columns % (2 * cos.Columns) != 0 || keys.Columns % (2 * cos.Columns) != 0)
            throw new ArgumentException($"{queries.Columns} query and {keys.Columns} key columns are no multiples of the head size {2 * cos.Columns}");
        if (queue is CpuQueue cpu) Cpu(cpu, qkv, cos, sin, positions, queries, keys, values);
        else Gpu((IlgpuQueue)queue, qkv, cos, sin, positions, queries, keys, values);
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
