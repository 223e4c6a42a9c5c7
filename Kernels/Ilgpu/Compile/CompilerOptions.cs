using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;
using ILGPU.IR;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>How every context of ILGPU compiles: at O2, with our intrinsics.</summary>
/// <remarks>
/// O2 is what CUDA needs for speed, and the only level whose OpenCL text does without the generic address space of OpenCL 2.0, which
/// Debian's PoCL has not. One level for all, so that the one which ships is the one that is tested.
/// </remarks>
internal static class CompilerOptions
{
    public static void Apply(Context.Builder builder)
    {
        builder.EnableAlgorithms().Optimize(OptimizationLevel.O2);
        OpenClRemainder.Register(builder.GetIntrinsicManager());
        PortableIntrinsics.Register(builder.GetIntrinsicManager());
        PtxIntrinsics.Register(builder.GetIntrinsicManager());
    }
}
