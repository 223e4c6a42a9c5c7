using System.Reflection;
using EdgeVideoLlava.Kernels;
using ILGPU;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The kernels of the accelerators, found by their name; a generic one once for each choice of types.</summary>
internal static class DeviceKernels
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private static readonly Type[] All = typeof(IlgpuDevice).Assembly.GetTypes();

    /// <summary>Types with a kernel whose items work alone; those of the tensor-core tier have tests of their own.</summary>
    public static IEnumerable<Type> Operations => All.Where(type => type.GetMethod("Kernel", Static)?.GetParameters()[0].ParameterType == typeof(Index1D));

    public static IReadOnlyDictionary<string, MethodInfo> Methods { get; } = new SortedDictionary<string, MethodInfo>(
        Operations.SelectMany(type => Instances(type.Name, type.GetMethod("Kernel", Static)!)).ToDictionary(pair => pair.Name, pair => pair.Method), StringComparer.Ordinal);

    private static IEnumerable<(string Name, MethodInfo Method)> Instances(string name, MethodInfo kernel)
    {
        IEnumerable<Type[]> choices = [[]];
        foreach (Type parameter in kernel.IsGenericMethodDefinition ? kernel.GetGenericArguments() : [])
            choices = [.. from chosen in choices from type in Candidates(parameter) select (Type[])[.. chosen, type]];
        return choices.Select(types => types.Length == 0 ? (name, kernel)
            : ($"{name}, {string.Join(", ", types.Select(type => type.Name))}", kernel.MakeGenericMethod(types)));
    }

    /// <summary>The types that a parameter stands for: storage types of weights, or types of activations.</summary>
    private static IEnumerable<Type> Candidates(Type parameter)
        => parameter.GetGenericParameterConstraints().Contains(typeof(IDeviceWeights))
            ? All.Where(type => type.IsValueType && type.IsAssignableTo(typeof(IDeviceWeights)))
            : [typeof(Float32), typeof(Float16)];
}
