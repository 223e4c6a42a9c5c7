using System.Reflection;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>Every kernel compiles to CUDA's text without a GPU: no unresolved function, nothing in local memory. That it runs is the Cuda rows' to say.</summary>
public sealed class CudaTextTests
{
    public static TheoryData<string, int> Kernels
        => [.. from kernel in DeviceKernels.Methods
               from architecture in CudaText.Architectures
               where !new KernelReach(kernel.Value).IsTensorCore // those have tests of their own
               select new TheoryDataRow<string, int>(kernel.Key, architecture)];

    [Theory, MemberData(nameof(Kernels))]
    public void A_kernel_compiles_for_CUDA_without_a_GPU(string name, int architecture)
    {
        MethodInfo kernel = DeviceKernels.Methods[name];
        string text = CudaText.Compile(kernel, architecture);
        Assert.Contains(".visible .entry", text);
        Assert.DoesNotContain(".extern", text);
        Assert.DoesNotContain(".local", text);
        Assert.DoesNotContain("FusedMultiplyAdd", text);
    }
}
