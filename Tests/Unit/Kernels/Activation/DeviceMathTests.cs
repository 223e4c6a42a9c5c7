using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

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
            double terms = Math.Abs(x) / 2 * (1 + Math.Abs(1 - Erfc(Math.Abs(x) / Math.Sqrt(2)))), error = Math.Abs(DeviceMath.Gelu(x) - Gelu(x));
            Assert.True(error <= Math.ScaleB(4 * terms, -24), $"gelu({x}) is {DeviceMath.Gelu(x)}, not {Gelu(x)}");
            worst = Math.Max(worst, error / Math.ScaleB(4 * terms, -24));
        }
        output.WriteLine($"{worst:p0} of the tolerance");
    }
}
