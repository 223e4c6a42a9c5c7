using System.Reflection;
using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The kernels of the accelerators, found by their name; one that reads weights once for each type it is compiled for.</summary>
internal static class DeviceKernels
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private static readonly Type[] All = typeof(IlgpuDevice).Assembly.GetTypes();

    public static IEnumerable<Type> Operations => All.Where(type => type.GetMethod("Kernel", Static) != null);

    public static IReadOnlyDictionary<string, MethodInfo> Methods { get; } = new SortedDictionary<string, MethodInfo>(
        Operations.SelectMany(type => Instances(type.Name, type.GetMethod("Kernel", Static)!)).ToDictionary(pair => pair.Name, pair => pair.Method), StringComparer.Ordinal);

    private static IEnumerable<(string Name, MethodInfo Method)> Instances(string name, MethodInfo kernel)
        => !kernel.IsGenericMethodDefinition ? [(name, kernel)]
            : All.Where(type => type.IsValueType && type.IsAssignableTo(typeof(IDeviceWeights))).Select(type => ($"{name}, {type.Name}", kernel.MakeGenericMethod(type)));
}
