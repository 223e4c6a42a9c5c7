using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>How gradients are held against a reference, and against the function that they are of.</summary>
internal static class Gradients
{
    /// <summary>The goldens' measure: the error's norm relative to the tensor's.</summary>
    public static void Close(ITestOutputHelper output, string what, ReadOnlySpan<float> got, ReadOnlySpan<float> expected, double tolerance)
    {
        Assert.Equal(expected.Length, got.Length);
        double error = 0, size = 0;
        for (int i = 0; i < got.Length; i++)
        {
            error += Math.Pow((double)got[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }
        double relative = size == 0 ? Math.Sqrt(error) : Math.Sqrt(error / size);
        output.WriteLine($"{what}: off by {relative:G3} of its size {Math.Sqrt(size):G4}");
        Assert.True(relative <= tolerance, $"{what} is off by {relative:G3} of its size, allowed {tolerance:G3}");
    }

    /// <summary>Central differences of f along directions between the gradient's own and random ones equal gradient · direction.</summary>
    /// <param name="step">Length of a step, small against the curvature, large against float32's rounding of f.</param>
    public static void AlongDirections(
        ITestOutputHelper output, string what, float[] x, float[] gradient, Func<float[], double> f, double step = 1e-2)
    {
        double size = Norm(gradient);
        Assert.True(size > 0, $"{what}: no gradient");
        var random = new Random(x.Length);
        for (int trial = 0; trial < 3; trial++)
        {
            double[] noise = [.. x.Select(_ => random.NextDouble() - 0.5)];
            double length = Math.Sqrt(noise.Sum(value => value * value));
            double[] direction = [.. noise.Zip(gradient, (n, g) => (trial * n / length + g / size) / (1 + trial))];
            float[] Moved(double by) => [.. x.Zip(direction, (value, d) => (float)(value + by * d))];
            double difference = (f(Moved(step)) - f(Moved(-step))) / (2 * step);
            double slope = gradient.Zip(direction, (g, d) => g * d).Sum();
            output.WriteLine($"{what}: slope {slope:G6}, differences {difference:G6}");
            Assert.True(Math.Abs(slope - difference) <= 2e-3 * size, $"{what}: slope {slope:G6}, differences {difference:G6}");
        }
    }

    public static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(value => (double)value * value));

    /// <summary>Σ y · dy.</summary>
    public static double Dot(float[] y, float[] dy) => y.Zip(dy, (a, b) => (double)a * b).Sum();

    /// <summary>A golden of one operator.</summary>
    public static SafeTensors Operator(string name) => Golden.Tensors($"training/ops/{name}.safetensors");

    /// <summary>(heads, rows, d) of one sequence to (rows, heads · d).</summary>
    public static float[] Rows(ReadOnlySpan<float> heads, int count, int rows, int size)
    {
        var result = new float[heads.Length];
        for (int h = 0; h < count; h++)
        {
            for (int t = 0; t < rows; t++)
                heads.Slice((h * rows + t) * size, size).CopyTo(result.AsSpan((t * count + h) * size));
        }
        return result;
    }
}
