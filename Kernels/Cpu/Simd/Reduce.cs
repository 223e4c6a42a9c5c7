namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>Sums and the largest of a row of numbers.</summary>
/// <remarks>Sums are made in short blocks, and the blocks are added in double, so that the error does not grow with the length.</remarks>
internal static unsafe class Reduce
{
    private const int Block = 32;

    public static double Sum<V>(float* x, int count) where V : unmanaged, ILanes<V> => Blocks<V, Identity>(x, count, 0);

    /// <summary>Σ (x − center)²</summary>
    public static double Squares<V>(float* x, int count, float center) where V : unmanaged, ILanes<V>
        => Blocks<V, Square>(x, count, center);

    /// <summary>Σ exp(x − center)</summary>
    public static double Exponentials<V>(float* x, int count, float center) where V : unmanaged, ILanes<V>
        => Blocks<V, Exponential>(x, count, center);

    public static float Largest<V>(float* x, int count) where V : unmanaged, ILanes<V>
    {
        V largest = V.All(float.NegativeInfinity);
        int c = 0;
        for (; c + V.Count <= count; c += V.Count) largest = V.Max(largest, V.Load(x + c));
        float result = V.Largest(largest);
        for (; c < count; c++) result = MathF.Max(result, x[c]);
        return result;
    }

    public static float Dot<V>(float* a, float* b, int count) where V : unmanaged, ILanes<V>
    {
        V sum = V.Zero, second = V.Zero;
        int c = 0;
        for (; c + 2 * V.Count <= count; c += 2 * V.Count)
        {
            sum = V.MultiplyAdd(V.Load(a + c), V.Load(b + c), sum);
            second = V.MultiplyAdd(V.Load(a + c + V.Count), V.Load(b + c + V.Count), second);
        }
        float total = V.Sum(sum + second);
        for (; c < count; c++) total += a[c] * b[c];
        return total;
    }

    private interface ITerm
    {
        static abstract V Of<V>(V x, V center) where V : unmanaged, ILanes<V>;
    }

    private readonly struct Identity : ITerm
    {
        public static V Of<V>(V x, V center) where V : unmanaged, ILanes<V> => x;
    }

    private readonly struct Square : ITerm
    {
        public static V Of<V>(V x, V center) where V : unmanaged, ILanes<V> => (x - center) * (x - center);
    }

    private readonly struct Exponential : ITerm
    {
        public static V Of<V>(V x, V center) where V : unmanaged, ILanes<V> => V.Exp(x - center);
    }

    private static double Blocks<V, TTerm>(float* x, int count, float center) where V : unmanaged, ILanes<V> where TTerm : ITerm
    {
        double total = 0;
        int c = 0;
        V centers = V.All(center);
        while (c + V.Count <= count)
        {
            V sum = V.Zero;
            for (int i = 0; i < Block && c + V.Count <= count; i++, c += V.Count) sum += TTerm.Of(V.Load(x + c), centers);
            total += V.Sum(sum);
        }
        for (; c < count; c++) total += Lanes1.Sum(TTerm.Of(Lanes1.Load(x + c), Lanes1.All(center)));
        return total;
    }
}
