using System.Reflection;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The kernels of the tensor-core tier with the items of their groups, one for each choice of types.</summary>
internal static class TensorCoreKernels
{
    public static IReadOnlyDictionary<string, (MethodInfo Method, int Group)> All { get; } = List().ToDictionary(kernel => kernel.Name, kernel => (kernel.Method, kernel.Group));

    /// <summary>Shared memory that a launch asks for, over what the text declares.</summary>
    public static int DynamicBytes(MethodInfo kernel)
        => kernel.GetGenericArguments().Where(type => type.IsAssignableTo(typeof(ITileShape))).Sum(type => ((ITileShape)Activator.CreateInstance(type)!).DynamicBytes);

    private static IEnumerable<(string Name, MethodInfo Method, int Group)> List()
    {
        foreach (Type shape in new[] { typeof(Head64), typeof(Head128) })
        {
            yield return ($"{nameof(FullAttention)}, {shape.Name}", Method(typeof(FullAttention), "TensorKernel").MakeGenericMethod(shape), TensorAttention.Items);
            yield return ($"{nameof(CausalAttention)}, {shape.Name}", Method(typeof(CausalAttention), "TensorKernel").MakeGenericMethod(shape), TensorAttention.Items);
        }
        yield return (nameof(ScaledHalves), Method(typeof(ScaledHalves), "Kernel"), ScaledHalves.Items);
        foreach (Type weights in typeof(IlgpuDevice).Assembly.GetTypes().Where(type => type.IsValueType && type.IsAssignableTo(typeof(IDeviceWeights))))
        {
            Type fill = weights == typeof(DeviceHalfRows) ? typeof(CopiedFill) : typeof(DecodedFill<>).MakeGenericType(weights);
            foreach ((Type shape, int size) in new[] { (typeof(Tile128), new Tile128().Size), (typeof(DeepTile128), new DeepTile128().Size), (typeof(Tile64), new Tile64().Size) })
                yield return ($"{nameof(LinearTensorTile)}, {weights.Name}, {shape.Name}", Method(typeof(LinearTensorTile), "Kernel").MakeGenericMethod(fill, shape), 2 * size);
        }
    }

    private static MethodInfo Method(Type type, string name) => type.GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;
}
