using System.Globalization;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Every operation's tests on interpreted CUDA text, and which instructions they reach.</summary>
[Trait("Category", "long")]
public sealed class CudaTextCoverageTests(ITestOutputHelper output)
{
    private const double Wanted = 0.97;

    private const string Tests = "EdgeVideoLlava.Tests.Unit.";

    private static readonly string[] Classes =
    [
        "Kernels.Attention.*", "Kernels.Elementwise.*", "Kernels.Embedding.*", "Kernels.Loss.*", "Kernels.MatMul.LinearTests",
        "Kernels.MatMul.PreActivationTests", "Kernels.Norm.*", "Kernels.Optimizer.*", "Kernels.Preprocess.*", "Kernels.Rotary.*", "Kernels.Sampling.*",
        "Kernels.DeviceParityTests", "Kernels.Proofs.TensorCoreTierTests", "Kernels.Proofs.CudaTextRunTests",
        "Kernels.Proofs.PortableHalvesTests", "Runtime.Preprocess.DevicePreprocessorTests",
    ];

    /// <summary>Also writes which instructions of each kernel were not reached to Tests/TestResults/cuda-text.md.</summary>
    [Fact]
    public void The_operations_tests_pass_on_CUDA_s_text_and_reach_nearly_all_of_it()
    {
        var run = CudaTextCoverage.Run(Classes.SelectMany(name => new[] { "-class", Tests + name }));
        Assert.True(run.ExitCode == 0, Failures(run.Output));
        int all = run.Kernels.Sum(kernel => kernel.Instructions), missed = run.Kernels.Sum(kernel => kernel.Missed.Count);
        double share = 1 - (double)missed / all;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{run.Total}; {run.Kernels.Count} kernels, {share:p2} of {all} instructions"));
        Write(run.Kernels);
        Assert.Empty(DeviceKernels.Methods.Keys.Except(run.Kernels.Select(kernel => kernel.Name)));
        Assert.True(share >= Wanted, $"only {share:p2} of all instructions have run");
    }

    /// <summary>Names of the tests that failed, each with what it says first.</summary>
    private static string Failures(string report)
    {
        string[] lines = report.Split('\n');
        string[] failed = [.. lines.Index().Where(line => line.Item.Contains("[FAIL]", StringComparison.Ordinal))
            .Select(line => $"{line.Item.Trim()} {lines.ElementAtOrDefault(line.Index + 1)?.Trim()}")];
        return failed.Length > 0 ? string.Join('\n', failed.Take(30)) : report;
    }

    private static void Write(IReadOnlyList<CoveredKernel> kernels)
    {
        string folder = Path.Combine(Golden.Repository, "Tests", "TestResults");
        Directory.CreateDirectory(folder);
        File.WriteAllLines(Path.Combine(folder, "cuda-text.md"), kernels.OrderByDescending(kernel => kernel.Missed.Count)
            .SelectMany(kernel => kernel.Missed.Prepend(
                $"## {kernel.Name}: {kernel.Missed.Count} of {kernel.Instructions} not reached\n")));
    }
}
