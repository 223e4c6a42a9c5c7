using System.Reflection;
using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Checks;

/// <summary>The checks that a first GPU runs are right where the instructions' bodies run, and their text is what a GPU will get.</summary>
[Collection(nameof(Lanes))]
public sealed class InstructionChecksTests
{
    [Fact]
    public void They_pass_where_the_bodies_run_and_a_weaker_wait_fails()
    {
        DeviceCheck[] checks = [.. InstructionChecks.Of((IlgpuDevice)TestDevices.Get(TestDevice.IlgpuCpuTensorCore))];
        Assert.Equal(6, checks.Length);
        Lanes.Within(() => Assert.All(checks, check => Assert.Null(check.Run())));
        try
        {
            AsyncCopies.Weaker = 1;
            Lanes.Within(()
                => Assert.StartsWith("lane ", checks.Single(check => check.Name.StartsWith("cp.async", StringComparison.Ordinal)).Run()));
        }
        finally
        {
            AsyncCopies.Weaker = 0;
        }
    }

    /// <summary>Also where the tile still holds what a sound run has left in it.</summary>
    [Fact, Trait("Category", "long")]
    public void A_weaker_wait_fails_each_of_1000_times()
    {
        DeviceCheck check = InstructionChecks.Of((IlgpuDevice)TestDevices.Get(TestDevice.IlgpuCpuTensorCore))
            .Single(check => check.Name.StartsWith("cp.async", StringComparison.Ordinal));
        try
        {
            for (int run = 0; run < 1000; run++)
            {
                AsyncCopies.Weaker = 0;
                Lanes.Within(() => Assert.Null(check.Run()));
                AsyncCopies.Weaker = 1;
                Lanes.Within(() => Assert.StartsWith("lane ", check.Run()));
            }
        }
        finally
        {
            AsyncCopies.Weaker = 0;
        }
    }

    [Theory]
    [InlineData("MultiplyAddKernel", "mma.sync.aligned.m16n8k16")]
    [InlineData("LoadMatricesKernel", "ldmatrix.sync.aligned.m8n8.x4.shared")]
    [InlineData("LoadTransposedKernel", "ldmatrix.sync.aligned.m8n8.x4.trans.shared")]
    [InlineData("CopyKernel", "cp.async.cg.shared.global")]
    [InlineData("SharedSumsKernel", ".extern .shared .align 16 .b8 __dyn_shared_alloca[]")]
    [InlineData("HalvesKernel", "cvt.rn.f16x2.f32")]
    public void The_text_holds_the_instruction_and_is_assembled(string kernel, string instruction)
    {
        MethodInfo method = typeof(InstructionChecks).GetMethod(kernel, BindingFlags.Static | BindingFlags.NonPublic)!;
        foreach (int architecture in new[] { 80, 87, 90 })
        {
            string text = CudaText.Compile(method, architecture);
            Assert.Contains(instruction, text);
            if (Ptxas.IsHere) Assert.Equal(0, Ptxas.Assemble(text, architecture).Stack);
        }
        Assert.SkipUnless(Ptxas.IsHere, $"not assembled: {Ptxas.Remedy}");
    }
}
