using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Collects the stages of a traced pass, and compares them with a golden file's.</summary>
internal sealed class RecordedStages(ComputeQueue queue, ITestOutputHelper output)
{
    private readonly Dictionary<string, (int Columns, float[] Values)> stages = [];

    public StageTrace Trace => new(queue, (name, _, columns, values) => stages[name] = (columns, values));

    public float[] this[string name] => stages[name].Values;

    /// <summary>Columns first..first+count-1 of a stage.</summary>
    public float[] Columns(string name, int first, int count)
    {
        (int columns, float[] values) = stages[name];
        return [.. Enumerable.Range(0, values.Length / columns)
            .SelectMany(row => values[(row * columns + first)..(row * columns + first + count)])];
    }

    /// <summary>Every element within an absolute tolerance; NaN fails.</summary>
    public void Equal(string what, float[] expected, float[] got, double tolerance)
    {
        Assert.Equal(expected.Length, got.Length);
        double worst = 0;
        for (int i = 0; i < got.Length; i++)
        {
            double error = Math.Abs((double)expected[i] - got[i]);
            Assert.True(error <= tolerance, $"{what}[{i}] is {got[i]}, expected {expected[i]}");
            worst = Math.Max(worst, error);
        }
        output.WriteLine($"{what}: {worst / tolerance:P0} of the tolerance used");
    }

    /// <summary>(first, second, rest) of a golden tensor to (second, first, rest).</summary>
    public static float[] SwapFirstAxes(HostTensor tensor)
    {
        int first = (int)tensor.Shape[0], second = (int)tensor.Shape[1];
        float[] values = tensor.ToFloats();
        int rest = values.Length / (first * second);
        return [.. from j in Enumerable.Range(0, second)
                   from i in Enumerable.Range(0, first)
                   from c in Enumerable.Range(0, rest)
                   select values[(i * second + j) * rest + c]];
    }
}
