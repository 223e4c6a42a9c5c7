using System.Reflection;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>Every kernel compiles to CUDA's text without a GPU: no unresolved function, nothing in local memory. That it runs is the Cuda rows' to say.</summary>
public sealed class CudaTextTests
{
    public static TheoryData<string, int> Kernels
        => [.. from name in DeviceKernels.Methods.Keys
               from architecture in new[] { 72, 87, 90 }
               select new TheoryDataRow<string, int>(name, architecture)];

    [Theory, MemberData(nameof(Kernels))]
    public void A_kernel_compiles_for_CUDA_without_a_GPU(string name, int architecture)
    {
        MethodInfo kernel = DeviceKernels.Methods[name];
        (CudaArchitecture target, CudaInstructionSet instructions) = architecture switch
        {
            72 => (CudaArchitecture.SM_72, CudaInstructionSet.ISA_70),
            87 => (CudaArchitecture.SM_87, CudaInstructionSet.ISA_78),
            _ => (CudaArchitecture.SM_90, CudaInstructionSet.ISA_78),
        };
        // A context of its own: a kernel that ILGPU rejects would spoil the context for the next.
        using Context context = Context.Create(builder => builder.EnableAlgorithms().Optimize(OptimizationLevel.O2));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(target), target, instructions, null);
        bool grouped = kernel.GetParameters()[0].ParameterType != typeof(Index1D);
        EntryPointDescription entry = grouped ? EntryPointDescription.FromExplicitlyGroupedKernel(kernel) : EntryPointDescription.FromImplicitlyGroupedKernel(kernel);
        string text = ((PTXCompiledKernel)backend.Compile(entry, default)).PTXAssembly;
        if (Environment.GetEnvironmentVariable("DUMP") is { } dump) File.WriteAllText($"{dump}/{name.Replace(", ", "_")}.{architecture}.ptx", text);
        Assert.Contains(".visible .entry", text);
        Assert.DoesNotContain(".extern", text);
        Assert.DoesNotContain(".local", text);
        Assert.DoesNotContain("FusedMultiplyAdd", text);
    }
}
