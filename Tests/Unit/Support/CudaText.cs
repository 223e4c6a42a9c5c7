using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>CUDA's text (PTX) of a kernel as the driver gets it, made without a GPU.</summary>
internal static class CudaText
{
    /// <summary>sm_ numbers: Xavier, A100, Orin, Ada, Hopper.</summary>
    public static readonly int[] Architectures = [72, 80, 87, 89, 90];

    /// <summary>A tensor-core kernel needs instructions of sm_80.</summary>
    public static bool Runs(MethodInfo kernel, int architecture) => architecture >= 80 || !new KernelReach(kernel).IsTensorCore;

    public static string Compile(MethodInfo kernel, int architecture) => Kernel(kernel, architecture).PTXAssembly;

    /// <summary>The text with the description of its parameters.</summary>
    public static PTXCompiledKernel Kernel(MethodInfo kernel, int architecture, bool keepsUniformClaims = false)
    {
        (CudaArchitecture target, CudaInstructionSet instructions) = architecture switch
        {
            72 => (CudaArchitecture.SM_72, CudaInstructionSet.ISA_70),
            80 => (CudaArchitecture.SM_80, CudaInstructionSet.ISA_78),
            87 => (CudaArchitecture.SM_87, CudaInstructionSet.ISA_78),
            89 => (CudaArchitecture.SM_89, CudaInstructionSet.ISA_78),
            90 => (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
            _ => throw new ArgumentOutOfRangeException(nameof(architecture), architecture, null),
        };
        CompiledKernel compiled = KernelText.Compile(
            context => new PTXBackend(context, new CudaCapabilityContext(target), target, instructions, null), KernelText.Entry(kernel),
            new KernelSpecialization(GroupItems(kernel), null), keepsUniformClaims);
        return (PTXCompiledKernel)compiled;
    }

    /// <summary>The group that the kernel is loaded with, where it says so: registers are shared by its items.</summary>
    private static int? GroupItems(MethodInfo kernel) => KernelAttribute.Of(kernel).Group is > 0 and var items ? items : null;
}
