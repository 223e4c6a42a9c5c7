using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

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
        var device = (IlgpuDevice)TestDevices.Get(TestDevice.OpenCl);
        Accelerator accelerator = device.Accelerator;
        float[] numbers = [.. Enumerable.Range(0, 32).Select(i => (float)i)];
        using MemoryBuffer1D<float, Stride1D.Dense> a = accelerator.Allocate1D(numbers), o = accelerator.Allocate1D(numbers);
        Delegate planted = typeof(PlantedFaults).GetMethod(fault)!.CreateDelegate<Action<ArrayView<float>, ArrayView<float>>>();
        var kernel = device.Kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<float>, ArrayView<float>>>(planted).Launcher;
        kernel(accelerator.DefaultStream, (fault == nameof(PlantedFaults.GlobalRace) ? 2 : 1, 32), a.View, o.View);
        accelerator.Synchronize();
        Console.WriteLine($"{fault} ran on {accelerator.Name}");
    }
}
