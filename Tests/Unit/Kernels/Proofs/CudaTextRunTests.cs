using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Tests.Ptx.Analysis;
using EdgeVideoLlava.Tests.Ptx.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>CUDA's text of every kernel runs, on an interpreter: the checks that a first GPU runs, and how much of the text the
/// operations' own tests reach. What they say of the results is <see cref="DeviceParityTests"/>' and the operations' tests' rows.</summary>
public sealed class CudaTextRunTests(ITestOutputHelper output)
{
    public static TheoryData<TestDevice> Devices => [.. Enum.GetValues<TestDevice>().Where(device => TestDevices.IsInterpreted(device))];

    /// <summary>The instructions of tensor cores by themselves are part of every run.</summary>
    [Fact]
    public void The_checks_of_instructions_pass()
    {
        DeviceCheck[] checks = [.. InstructionChecks.Of((IlgpuDevice)TestDevices.Get(TestDevice.CudaTextHalf))];
        Assert.Equal(6, checks.Length);
        Assert.All(checks, check => Assert.Null(check.Run()));
    }

    [Theory, MemberData(nameof(Devices)), Trait("Category", "long")]
    public void The_checks_of_a_device_pass(TestDevice device)
    {
        IReadOnlyList<DeviceCheck> checks = DeviceChecks.Of((IlgpuDevice)TestDevices.Get(device));
        string[] wrong = [.. from check in checks let found = check.Run() where found != null select $"{check.Name}: {found}"];
        output.WriteLine($"{checks.Count} checks");
        Assert.Empty(wrong);
    }

    [Fact, Trait("Category", "long")]
    public void No_kernel_reads_a_register_that_it_may_not_have_written()
    {
        int kernels = 0, instructions = 0;
        foreach ((string name, var kernel) in DeviceKernels.Methods)
        {
            var module = PtxModule.Parse(CudaText.Compile(kernel, 80), name);
            Assert.Empty(Definedness.UndefinedReads(module).Select(read => $"{name}: {read}"));
            kernels++;
            instructions += module.Code.Length;
        }
        output.WriteLine($"{kernels} kernels, {instructions} instructions");
    }
}
