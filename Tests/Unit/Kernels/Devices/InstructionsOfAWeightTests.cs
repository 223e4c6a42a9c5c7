using System.Globalization;
using System.Text;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>What a decode step's product costs a GPU beside memory: instructions a weight, counted in the machine code of the loop over the columns.</summary>
[Trait("Category", "long")]
public sealed class InstructionsOfAWeightTests(ITestOutputHelper output)
{
    private const int RowsOfW = 4;

    private static readonly int[] Architectures = [72, 87, 90];

    /// <summary>At most so many on sm_90, with one row of x in binary16: at 30 T instructions a second, an H100's memory gives 3.35 TB/s.</summary>
    private static readonly Dictionary<Type, double> Most = new()
    {
        [typeof(DeviceHalfRows)] = 100, [typeof(DeviceQ8_0)] = 100, [typeof(DeviceQ6_K)] = 100, [typeof(DeviceQ5_0)] = 100, [typeof(DeviceQ5_1)] = 100,
        [typeof(DeviceQ4_0)] = 100, [typeof(DeviceQ4_1)] = 100, [typeof(DeviceQ4_K)] = 100,
    };

    /// <summary>Also writes the table of docs/benchmarks.md to Tests/TestResults/instructions.md.</summary>
    [Fact]
    public void Unpacking_a_weight_takes_few_instructions()
    {
        Assert.SkipUnless(Ptxas.IsHere, Ptxas.Remedy);
        var table = new StringBuilder("| weight | instructions a weight, sm_72 / 87 / 90 |\n|---|---|\n");
        var tooMany = new List<string>();
        foreach ((Type weights, double most) in Most)
        {
            double[] counts = [.. Architectures.Select(architecture => Count(weights, architecture))];
            table.Append(CultureInfo.InvariantCulture, $"| {weights.Name} | {counts[0]:0.0} / {counts[1]:0.0} / {counts[2]:0.0} |\n");
            if (counts[^1] > most) tooMany.Add($"{weights.Name}: {counts[^1]}");
        }
        string results = Path.Combine(Golden.Repository, "Tests", "TestResults");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "instructions.md"), table.ToString());
        output.WriteLine(table.ToString());
        Assert.Empty(tooMany);
    }

    private double Count(Type weights, int architecture)
    {
        string text = CudaText.Compile(DeviceKernels.Methods[$"LinearGroupRow, {weights.Name}, Float16, OneRow"], architecture), code = Ptxas.MachineCode(text, architecture).Code!;
        if (Environment.GetEnvironmentVariable("EDGE_DUMP") is { } folder) File.WriteAllText(Path.Combine(folder, $"{weights.Name}.{architecture}.sass"), code);
        if (Environment.GetEnvironmentVariable("EDGE_DUMP") is { } folder2) File.WriteAllText(Path.Combine(folder2, $"{weights.Name}.{architecture}.ptx"), text);
        HotLoop loop = HotLoop.Of(code);
        int eights = ((IDeviceWeights)Activator.CreateInstance(weights)!).Eights, quads = weights == typeof(DeviceQ8_0) ? 2 : weights == typeof(DeviceQ4_K) ? 2 : 1;
        double weightsOfALoad = RowsOfW * 8.0 * eights / (RowsOfW * quads + eights); // of a load of weights or x
        output.WriteLine($"{weights.Name}, {architecture}: {loop}");
        return loop.Instructions / (loop.Loads * weightsOfALoad);
    }
}
