using System.Reflection;
using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Proofs;

/// <summary>Every kernel compiles to CUDA's text without a GPU: no unresolved function, nothing in local memory. That
/// it runs is the Cuda rows' to say.</summary>
public sealed class CudaTextTests
{
    /// <summary>Each method and each choice of a type once, for the oldest architecture, which has the fewest instructions.</summary>
    public static TheoryData<string, int> Kernels
    {
        get
        {
            var seen = new HashSet<object>();
            return [.. from kernel in Portable
                       where News(kernel.Value).Count(seen.Add) > 0
                       select new TheoryDataRow<string, int>(kernel.Key, CudaText.Architectures[0])];
        }
    }

    /// <summary>Every kernel for every architecture.</summary>
    public static TheoryData<string, int> AllKernels
        => [.. from kernel in Portable
               from architecture in CudaText.Architectures
               select new TheoryDataRow<string, int>(kernel.Key, architecture)];

    /// <summary>Those of tensor cores have tests of their own.</summary>
    private static IEnumerable<KeyValuePair<string, MethodInfo>> Portable
        => DeviceKernels.Methods.Where(kernel => !new KernelReach(kernel.Value).IsTensorCore);

    private static IEnumerable<object> News(MethodInfo kernel)
        => !kernel.IsGenericMethod ? [kernel] : [kernel.GetGenericMethodDefinition(), .. kernel.GetGenericArguments()];

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

    [Theory, MemberData(nameof(AllKernels)), Trait("Category", "long")]
    public void A_kernel_compiles_for_every_architecture(string name, int architecture)
        => A_kernel_compiles_for_CUDA_without_a_GPU(name, architecture);

    /// <summary>Quads of a weight row's piece.</summary>
    public static TheoryData<Type, int> Pieces => new()
    {
        { typeof(DeviceF32), 2 }, { typeof(DeviceHalves<DeviceF16>), 1 }, { typeof(DeviceHalves<DeviceHalfRows>), 1 },
        { typeof(DeviceHalves<DeviceBF16>), 1 }, { typeof(DeviceQ8_0), 2 }, { typeof(DeviceQ4_0), 1 }, { typeof(DeviceQ4_1), 1 },
        { typeof(DeviceQ5_0), 1 }, { typeof(DeviceQ5_1), 1 }, { typeof(DeviceQ4_K), 2 }, { typeof(DeviceQ6_K), 1 },
        { typeof(DeviceIQ4_NL), 1 }, { typeof(DeviceQ5_K), 2 },
    };

    /// <summary>A product of groups reads the numbers of its four weight rows, and all of x, 128 bits at a time;
    /// shared memory too.</summary>
    [Theory, MemberData(nameof(Pieces))]
    public void Weights_are_loaded_128_bits_at_a_time(Type weights, int quads)
    {
        string row = CudaText.Compile(DeviceKernels.Methods[$"LinearGroupRow, {KernelName.Of(weights)}, Float16, OneRow"], 87);
        int parts = ((IDeviceWeights)Activator.CreateInstance(weights)!).Eights;
        Assert.Equal(4 * quads + parts, Regex.Count(row, @"ld\.global\.v4"));
        Assert.DoesNotMatch(@"(ld|st)\.shared\.f32", row);
        Assert.DoesNotMatch(@"(ld|st)\.shared\.f32", CudaText.Compile(DeviceKernels.Methods[$"LinearGroupTile, {KernelName.Of(weights)}, Float16"],
            87));
    }

    /// <summary>Halves are converted by the instruction on every architecture, and by nothing else.</summary>
    [Theory, InlineData(72), InlineData(90)]
    public void Halves_are_converted_by_one_instruction(int architecture)
    {
        string up = CudaText.Compile(DeviceKernels.Methods["ConvertRows.ToFloatsKernel"], architecture);
        string down = CudaText.Compile(DeviceKernels.Methods["ConvertRows.ToHalvesKernel"], architecture);
        Assert.Contains("cvt.f32.f16", up);
        Assert.Contains("cvt.rn.f16.f32", down);
        Assert.DoesNotContain("mul.rn.f32", up);
        Assert.DoesNotContain("add.rn.f32", down);
    }
}
