using System.Reflection;
using EdgeVideoLlava.Kernels;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Devices;

/// <summary>The kernels of the tensor-core tier compile to CUDA's text without a GPU: nothing unresolved, nothing in local memory, shared memory within 48 KiB.</summary>
public sealed class TensorCoreTextTests(ITestOutputHelper output)
{
    private static readonly Type[] Weights = [.. typeof(IlgpuDevice).Assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IDeviceWeights)))];

    private static Dictionary<string, (MethodInfo Method, int Group)> Kernels { get; } = All().ToDictionary(kernel => kernel.Name, kernel => (kernel.Method, kernel.Group));

    public static TheoryData<string, int> Cases => [.. from name in Kernels.Keys from architecture in new[] { 80, 87, 89, 90 } select new TheoryDataRow<string, int>(name, architecture)];

    [Theory, MemberData(nameof(Cases))]
    public void A_kernel_compiles_for_CUDA_without_a_GPU(string name, int architecture)
    {
        (MethodInfo kernel, int group) = Kernels[name];
        CudaArchitecture target = architecture switch
        {
            80 => CudaArchitecture.SM_80,
            87 => CudaArchitecture.SM_87,
            89 => CudaArchitecture.SM_89,
            _ => CudaArchitecture.SM_90,
        };
        using Context context = Context.Create(builder => PtxIntrinsics.Register(builder.EnableAlgorithms().Optimize(OptimizationLevel.O2).GetIntrinsicManager()));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(target), target, CudaInstructionSet.ISA_78, null);
        var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), new KernelSpecialization(group, null));
        string text = compiled.PTXAssembly;
        Assert.DoesNotContain(".extern", text);
        Assert.DoesNotContain(".local", text);
        if (Environment.GetEnvironmentVariable("PTX_DUMP") is { } folder) File.WriteAllText(Path.Combine(folder, $"{name.Replace(", ", "_")}.sm_{architecture}.ptx"), text);
        output.WriteLine($"{text.Split('\n').Length} lines");
    }

    private static IEnumerable<(string Name, MethodInfo Method, int Group)> All()
    {
        foreach (Type shape in new[] { typeof(Head64), typeof(Head128) })
        {
            yield return ($"{nameof(FullAttention)}, {shape.Name}", Attention(typeof(FullAttention), shape), TensorAttention.Items);
            yield return ($"{nameof(CausalAttention)}, {shape.Name}", Attention(typeof(CausalAttention), shape), TensorAttention.Items);
        }
        yield return (nameof(ScaledHalves), Method(typeof(ScaledHalves)), ScaledHalves.Items);
        foreach (Type fill in Weights.Where(type => type != typeof(DeviceHalfRows)).Select(type => typeof(DecodedFill<>).MakeGenericType(type)).Prepend(typeof(CopiedFill)))
        {
            string weights = fill.IsGenericType ? fill.GetGenericArguments()[0].Name : nameof(DeviceHalfRows);
            yield return ($"{nameof(LinearTensorTile)}, {weights}, 128", Method(typeof(LinearTensorTile)).MakeGenericMethod(fill, typeof(Tile128)), 256);
            yield return ($"{nameof(LinearTensorTile)}, {weights}, 64", Method(typeof(LinearTensorTile)).MakeGenericMethod(fill, typeof(Tile64)), 128);
        }
    }

    private static MethodInfo Attention(Type operation, Type shape)
        => operation.GetMethod("TensorKernel", BindingFlags.Static | BindingFlags.NonPublic)!.MakeGenericMethod(shape);

    private static MethodInfo Method(Type type) => type.GetMethod("Kernel", BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
}
