using System.Reflection;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>Launches the planted fault that the environment names; only in a child process of <see cref="SanitizerTests"/>.</summary>
public sealed class PlantedFaultTests
{
    public const string Variable = "EDGE_PLANTED_FAULT";

    /// <summary>What the child says when the kernel has run: a kernel that does not compile shall not look like a fault found.</summary>
    public static string Done(string fault) => $"{fault} ran on Oclgrind Simulator";

    [Fact(Explicit = true)]
    public void The_fault_of_the_environment()
    {
        string fault = Environment.GetEnvironmentVariable(Variable)!;
        Accelerator accelerator = ((IlgpuDevice)TestDevices.Get(TestDevice.OpenCl)).Accelerator;
        float[] numbers = [.. Enumerable.Range(0, 32).Select(i => (float)i)];
        using MemoryBuffer1D<float, Stride1D.Dense> a = accelerator.Allocate1D(numbers), o = accelerator.Allocate1D(numbers);
        Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>> kernel = Load(accelerator, typeof(PlantedFaults).GetMethod(fault)!);
        kernel(accelerator.DefaultStream, (fault == nameof(PlantedFaults.GlobalRace) ? 2 : 1, 32), a.View, o.View);
        accelerator.Synchronize();
        Console.WriteLine($"{fault} ran on {accelerator.Name}");
    }

    // As the kernels of the product are loaded: with the local fence that ILGPU leaves out.
    private static Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>> Load(Accelerator accelerator, MethodInfo kernel)
    {
        var compiled = (CLCompiledKernel)accelerator.GetBackend().Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), default(KernelSpecialization));
        object entry = typeof(CompiledKernel).GetProperty("EntryPoint", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!.GetValue(compiled)!;
        string source = compiled.Source.Replace("work_group_barrier ( CLK_GLOBAL_MEM_FENCE )", "barrier ( CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE )");
        var fenced = new CLCompiledKernel(accelerator.Context, (SeparateViewEntryPoint)entry, compiled.Info, source, compiled.CVersion);
        return accelerator.LoadKernel(fenced).CreateLauncherDelegate<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>>>();
    }
}
