namespace EdgeVideoLlava.Kernels;

/// <summary>Rotary position embedding, half-split pairs (Su et al., arXiv:2104.09864; rotate_half of transformers' LLaMA).</summary>
/// <remarks>
/// For each head and i &lt; d/2, at position p of the row:
/// y[i] = x[i] · cos[p,i] − x[i+d/2] · sin[p,i];   y[i+d/2] = x[i+d/2] · cos[p,i] + x[i] · sin[p,i]
/// x, y (T, H·d);  cos, sin (positions, d/2), angle p · θ^(−2i/d) from <see cref="Tables"/>;  positions (T). y may not alias x.
/// </remarks>
public static partial class RotaryEmbedding
{
    public static void Run(ComputeQueue queue, Matrix x, Matrix cos, Matrix sin, IntVector positions, Matrix y)
    {
        Shapes.Same(x, y);
        Shapes.Same(cos, sin);
        Shapes.Length(positions, x.Rows);
        if (x.Columns % (2 * cos.Columns) != 0) throw new ArgumentException($"x has {x.Columns} columns, no multiple of the head size {2 * cos.Columns}");
        if (queue is CpuQueue cpu) Cpu(cpu, x, cos, sin, positions, y);
        else Gpu((IlgpuQueue)queue, x, cos, sin, positions, y);
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
