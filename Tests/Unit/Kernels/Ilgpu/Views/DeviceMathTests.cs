using EdgeVideoLlava.Kernels.Ilgpu.Views;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Views;

public sealed class DeviceMathTests(ITestOutputHelper output)
{
    // Definition: erfc(a) = 2/√π ∫_a^∞ exp(−t²) dt, by Simpson's rule on exp(a²) erfc(a) = 2/√π ∫_0^∞ exp(−u² − 2au) du.
    private static double Erfc(double a)
    {
        const int Intervals = 16000;
        const double End = 7;
        double sum = 0, step = End / Intervals;
        for (int i = 0; i <= Intervals; i++)
        {
            double u = i * step, weight = i is 0 or Intervals ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-u * u - 2 * a * u);
        }
        return 2 / Math.Sqrt(Math.PI) * sum * step / 3 * Math.Exp(-a * a);
    }

    private static double Gelu(double x) => x * (x < 0 ? Erfc(-x / Math.Sqrt(2)) : 2 - Erfc(x / Math.Sqrt(2))) / 2;

    /// <summary>The processor's division is the definition: rounded to nearest even, subnormal numbers included.</summary>
    [Fact]
    public void Division_in_whole_numbers_is_exact()
    {
        var random = new Random(1);
        float[] special = [0f, -0f, 1f, -1f, 3f, 127f, float.Epsilon, -float.Epsilon, 1e-40f, 1.1754944e-38f, 1.1754942e-38f,
            float.MaxValue, 16777215f, 0.99999994f];
        for (int i = 0; i < 1_000_000; i++)
        {
            float a = Number(i / special.Length), b = Number(i);
            if (b == 0) continue;
            Assert.Equal(BitConverter.SingleToUInt32Bits(a / b), BitConverter.SingleToUInt32Bits(DeviceMath.Divide(a, b)));
        }

        float Number(int i)
        {
            if (i < special.Length * special.Length) return special[i % special.Length];
            float number = BitConverter.UInt32BitsToSingle((uint)random.NextInt64(1L << 32));
            return float.IsFinite(number) ? number : 1.5f;
        }
    }

    [Fact]
    public void Exponentials_in_double_are_within_two_roundings()
    {
        var random = new Random(2);
        for (int i = 0; i < 100_000; i++)
        {
            double x = i < 20 ? -i / 4.0 : -Math.Pow(10, 6 * random.NextDouble() - 3.2), expected = Math.Exp(x);
            if (x < -708) expected = 0;
            Assert.Equal(expected, DeviceMath.Exp(x), Math.ScaleB(expected, -51));
        }
        Assert.Equal(0, DeviceMath.Exp(double.NegativeInfinity));
    }

    [Fact]
    public void Erfc_is_within_a_few_roundings()
    {
        Assert.Equal(0.15729920705028513, Erfc(1), 1e-11); // Abramowitz and Stegun, table 7.1
        Assert.Equal(2.209049699858544e-5, Erfc(3), 1e-16);
        double worst = 0;
        for (float a = 0.88f; a < 9.2f; a += 0.00737f)
        {
            double exact = Erfc(a), error = Math.Abs(DeviceMath.Erfc(a) - exact);
            // A rounding of each of the six last steps, and of a², which exp(−a²) multiplies by a².
            double tolerance = Math.ScaleB((6 + a * a) * exact, -24) + 1e-44;
            Assert.True(error <= tolerance, $"erfc({a}) is {DeviceMath.Erfc(a)}, not {exact}");
            worst = Math.Max(worst, error / tolerance);
        }
        output.WriteLine($"{worst:p0} of the tolerance");
    }

    [Fact]
    public void Gelu_is_within_four_roundings_of_its_terms()
    {
        double worst = 0;
        for (float x = -12; x < 12; x += 0.00773f)
        {
            double terms = Math.Abs(x) / 2 * (1 + Math.Abs(1 - Erfc(Math.Abs(x) / Math.Sqrt(2))));
            double error = Math.Abs(DeviceMath.Gelu(x) - Gelu(x));
            Assert.True(error <= Math.ScaleB(4 * terms, -24), $"gelu({x}) is {DeviceMath.Gelu(x)}, not {Gelu(x)}");
            worst = Math.Max(worst, error / Math.ScaleB(4 * terms, -24));
        }
        output.WriteLine($"{worst:p0} of the tolerance");
    }
}
