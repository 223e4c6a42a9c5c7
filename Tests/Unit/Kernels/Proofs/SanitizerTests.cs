using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Every kernel that OpenCL runs, under oclgrind at toy size: no access out of bounds, no race, no divergent
/// barrier, no uninitialised read.</summary>
[Trait("Category", "long")]
public sealed class SanitizerTests(ITestOutputHelper output)
{
    private const string Tests = "EdgeVideoLlava.Tests.Unit.Kernels.";

    private static readonly string[] Operations = ["Attention", "Elementwise", "Embedding", "Loss", "MatMul", "Norm", "Optimizer",
        "Packing", "Preprocess", "Rotary", "Sampling"];

    /// <summary>Kernels that no operation launches on OpenCL, with the reason.</summary>
    private static readonly Dictionary<string, string> Exceptions = (
        from kernel in new[] { "DecodeAttention.BatchKernel", "DecodeAttention.ByteBatchKernel", "RotaryEmbedding.BatchKernel",
        "RotaryEmbedding.ByteBatchKernel" }
        from type in new[] { nameof(Float32), nameof(Float16) }
        select $"{kernel}, {type}").ToDictionary(name => name, _
            => "more parameters than OpenCL promises: each conversation has a launch of its own there");

    [Fact]
    public void Every_kernel_is_clean_and_reads_nothing_uninitialised()
    {
        SanitizerRun run = Sanitizer.Run(uninitialised: true, new Dictionary<string, string>(), "-class",
            $"{Tests}{nameof(DeviceParityTests)}");
        AssertClean(run);
        // Halves in the tensor-core tier's own layout are not for OpenCL, which has not that tier.
        IEnumerable<string> wanted = DeviceKernels.Methods.Where(kernel => !new KernelReach(kernel.Value).IsTensorCore)
            .Select(kernel => kernel.Key)
            .Where(name => !Exceptions.ContainsKey(name) && !name.Contains(nameof(DeviceHalfRows)));
        Assert.Empty(wanted.Except(run.Launched.Select(launch => launch.Kernel)));
    }

    /// <summary>The operations' own tests have more shapes, but operands in pieces, which the look-out for
    /// uninitialised memory does not understand.</summary>
    [Fact]
    public void The_operations_tests_are_clean()
        => AssertClean(Sanitizer.Run(uninitialised: false, new Dictionary<string, string>(),
            [.. Operations.SelectMany(folder => new[] { "-class", $"{Tests}{folder}.*" })]));

    /// <summary>Fault of <see cref="PlantedFaults"/>, and the words of oclgrind for it; no words for the kernel without one.</summary>
    public static TheoryData<string, string> Faults => new()
    {
        { nameof(PlantedFaults.None), "" },
        { nameof(PlantedFaults.GlobalWriteOutOfBounds), "Invalid write of size 4 at global memory" },
        { nameof(PlantedFaults.GlobalReadOutOfBounds), "Invalid read of size 4 at global memory" },
        { nameof(PlantedFaults.SharedWriteOutOfBounds), "Invalid write of size 4 at local memory" },
        { nameof(PlantedFaults.SharedRace), "Read-write data race at local memory" },
        { nameof(PlantedFaults.GlobalRace), "Write-write data race at global memory" },
        { nameof(PlantedFaults.UninitialisedShared), "ninitialized value" },
        { nameof(PlantedFaults.DivergentBarrier), "Work-group divergence detected (barrier)" },
        { nameof(PlantedFaults.EarlyReturn), "Work-group divergence detected (barrier)" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void A_planted_fault_is_found(string fault, string words)
    {
        var environment = new Dictionary<string, string> { [PlantedFaultTests.Variable] = fault };
        SanitizerRun run = Sanitizer.Run(uninitialised: true, environment, "-explicit", "only", "-class",
            typeof(PlantedFaultTests).FullName!);
        output.WriteLine(run.Log);
        Assert.True(run.Output.Contains("Total: 1, Errors: 0") && run.Output.Contains(PlantedFaultTests.Done(fault)), run.Output);
        if (words.Length == 0) Assert.Empty(run.Log);
        else Assert.Contains(words, run.Log);
    }

    private void AssertClean(SanitizerRun run)
    {
        output.WriteLine(
            $"{run.Launched.Count} kernels launched: "
            + $"{string.Join("; ", run.Launched.Select(launch => launch.Kernel).Order(StringComparer.Ordinal))}");
        Assert.True(run.ExitCode == 0, run.Output);
        Assert.NotEmpty(run.Launched);
        Assert.All(run.Launched, launch => Assert.Equal("Oclgrind Simulator", launch.Device));
        Assert.True(run.Log.Length == 0, run.Log.Length > 4000 ? run.Log[..4000] : run.Log);
    }
}
