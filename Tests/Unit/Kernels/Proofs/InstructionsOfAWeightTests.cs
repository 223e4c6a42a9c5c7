using System.Globalization;
using System.Text;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>What a decode step's product costs a GPU beside memory: instructions a weight, counted in the machine
/// code of the loop over the columns.</summary>
[Trait("Category", "long")]
public sealed class InstructionsOfAWeightTests(ITestOutputHelper output)
{
    private const int RowsOfW = 4;

    private static readonly int[] Architectures = [72, 87, 90];

    /// <summary>Loads of 128 bits for a row's piece, and at most so many instructions a weight on sm_90, with one row
    /// of x in binary16.</summary>
    private static readonly Dictionary<Type, (int Quads, double Most)> Kernels = new()
    {
        [typeof(DeviceHalves<DeviceHalfRows>)] = (1, 4.6),
        [typeof(DeviceQ8_0)] = (2, 5.0),
        [typeof(DeviceQ6_K)] = (1, 6.6),
        [typeof(DeviceQ5_0)] = (1, 6.0),
        [typeof(DeviceQ5_1)] = (1, 7.0),
        [typeof(DeviceQ4_0)] = (1, 4.6),
        [typeof(DeviceQ4_1)] = (1, 5.6),
        [typeof(DeviceQ4_K)] = (2, 6.3),
        [typeof(DeviceQ5_K)] = (2, 7.7),
    };

    /// <summary>Also writes the table of docs/benchmarks.md to Tests/TestResults/instructions.md.</summary>
    [Fact]
    public void Unpacking_a_weight_takes_few_instructions()
    {
        Assert.SkipUnless(Ptxas.IsHere, Ptxas.Remedy);
        var table = new StringBuilder("| weight | instructions a weight, sm_72 / 87 / 90 |\n|---|---|\n");
        var tooMany = new List<string>();
        foreach ((Type weights, (int quads, double most)) in Kernels)
        {
            double[] counts = [.. Architectures.Select(architecture => Count(weights, quads, architecture))];
            table.Append(CultureInfo.InvariantCulture,
                $"| {KernelName.Of(weights)["Device".Length..]} | {counts[0]:0.0} / {counts[1]:0.0} / {counts[2]:0.0} |\n");
            if (counts[^1] > most) tooMany.Add($"{KernelName.Of(weights)}: {counts[^1]} instead of {most}");
        }
        string results = Path.Combine(Golden.Repository, "Tests", "TestResults");
        Directory.CreateDirectory(results);
        File.WriteAllText(Path.Combine(results, "instructions.md"), table.ToString());
        output.WriteLine(table.ToString());
        Assert.Empty(tooMany);
    }

    private static double Count(Type weights, int quads, int architecture)
    {
        string text = CudaText.Compile(DeviceKernels.Methods[$"LinearGroupRow, {KernelName.Of(weights)}, Float16, OneRow"], architecture);
        string? code = Ptxas.MachineCode(text, architecture).Code;
        Assert.SkipWhen(code == null, "no cuobjdump beside ptxas");
        HotLoop loop = HotLoop.Of(code!);
        int eights = ((IDeviceWeights)Activator.CreateInstance(weights)!).Eights;
        // the assembler may have unrolled the loop; x is loaded once for all rows
        double turns = loop.Loads / (double)(RowsOfW * quads + eights);
        return loop.Instructions / (turns * RowsOfW * 8 * eights);
    }
}
