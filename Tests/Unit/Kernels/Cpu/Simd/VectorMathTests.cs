using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Cpu.Simd;

public sealed unsafe class VectorMathTests(ITestOutputHelper output)
{
    /// <summary>erf, computed with 50 digits by the series in <see cref="ErrorFunction"/>.</summary>
    public static TheoryData<double, double> Table => new()
    {
        { 0.001, 0.00112837879096923637 }, { 0.1, 0.11246291601828489220 }, { 0.5, 0.52049987781304653768 },
            { 0.99, 0.83850806955536980357 },
        { 1, 0.84270079294971486934 }, { 1.01, 0.84681049622827669788 }, { 1.5, 0.96610514647531072706 }, { 2, 0.99532226501895273416 },
        { 2.5, 0.99959304798255504106 }, { 3, 0.99997790950300141455 }, { 3.5, 0.99999925690162765858 }, { 3.9, 0.99999996520775140276 },
        { 4, 0.99999998458274209971 }, { 5, 0.99999999999846254020 },
    };

    [Theory, MemberData(nameof(Table))]
    public void The_oracle_equals_the_table(double x, double erf)
    {
        Assert.Equal(erf, ErrorFunction.Erf(x), 2e-15);
        Assert.Equal(-erf, ErrorFunction.Erf(-x), 2e-15);
    }

    [Fact]
    public void Erf_is_good_to_float32_everywhere()
    {
        Erf<Lanes1>();
        Erf<Lanes4>();
        if (SimdWidths.Best >= SimdWidth.Vector256) Erf<Lanes8>();
        if (SimdWidths.Best >= SimdWidth.Vector512) Erf<Lanes16>();
    }

    /// <summary>Every 1009th float32 from 2⁻⁴⁰ to 100, both signs, and the places where the two forms meet.</summary>
    private void Erf<V>() where V : unmanaged, ILanes<V>
    {
        double worst = 0;
        float* x = stackalloc float[V.Count], y = stackalloc float[V.Count];
        void Check()
        {
            VectorMath.Erf(V.Load(x)).Store(y);
            for (int i = 0; i < V.Count; i++)
            {
                double expected = ErrorFunction.Erf(x[i]), error = Math.Abs(y[i] - expected) / (Expected.Unit * Math.Abs(expected));
                Assert.True(error <= 4, $"erf({x[i]:G9}) is {y[i]:G9}, expected {expected:G17}: {error} units");
                worst = Math.Max(worst, error);
            }
        }
        for (int bits = BitConverter.SingleToInt32Bits(9.094947e-13f); bits < BitConverter.SingleToInt32Bits(100f); bits += 1009 * V.Count)
        {
            for (int i = 0; i < V.Count; i++) x[i] = BitConverter.Int32BitsToSingle(bits + 1009 * i) * (i % 2 == 0 ? 1 : -1);
            Check();
        }
        foreach (float at in new[] { 1f, 0.99999994f, 1.0000001f, 3.92f, 3.9199998f, 3.9200003f, 6f, 1e30f })
        {
            for (int i = 0; i < V.Count; i++) x[i] = i % 2 == 0 ? at : -at;
            Check();
        }
        output.WriteLine($"{V.Count} lanes: at most {worst:F2} of 4 units");
    }

    [Fact]
    public void Zero_and_infinity_are_exact()
    {
        Assert.Equal(0, Lanes1.Sum(VectorMath.Erf(Lanes1.Zero)));
        Assert.Equal(-1, Lanes1.Sum(VectorMath.Erf(Lanes1.All(float.NegativeInfinity))));
        Assert.Equal(1, Lanes1.Sum(VectorMath.Erf(Lanes1.All(float.PositiveInfinity))));
        Assert.True(float.IsNaN(Lanes1.Sum(VectorMath.Gelu(Lanes1.All(float.NaN)))));
    }
}
