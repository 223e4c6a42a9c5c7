using System.Reflection;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The kernels of the accelerators: all methods that are marked as such; one with type parameters once for
/// each struct that fits.</summary>
internal static class DeviceKernels
{
    private const BindingFlags Static = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.DeclaredOnly;

    private static readonly Type[] All = typeof(IlgpuDevice).Assembly.GetTypes();

    /// <summary>By "Operation", or "Operation.NamedKernel" where the type has several, and the type arguments: "LinearRow, Q4_0".</summary>
    public static IReadOnlyDictionary<string, MethodInfo> Methods { get; } = new SortedDictionary<string, MethodInfo>(
        All.SelectMany(Kernels).SelectMany(Instances).ToDictionary(Name), StringComparer.Ordinal);

    /// <summary>The types that have kernels.</summary>
    public static IEnumerable<Type> Operations => Methods.Values.Select(kernel => kernel.DeclaringType!).Distinct();

    /// <summary>"Operation, TypeArgument, ...": what <see cref="Methods"/> calls it.</summary>
    public static string Name(MethodInfo kernel) => KernelName.Of(kernel);

    private static IEnumerable<MethodInfo> Kernels(Type type)
        => type.GetMethods(Static).Where(method => method.IsDefined(typeof(KernelAttribute), inherit: false));

    private static IEnumerable<MethodInfo> Instances(MethodInfo kernel)
    {
        if (!kernel.IsGenericMethodDefinition) return [kernel];
        IEnumerable<Type[]> arguments = [[]];
        foreach (Type parameter in kernel.GetGenericArguments())
        {
            Type[] fitting = [.. All.SelectMany(type => Closed(type))
                .Where(type => Fits(type, parameter) && !IsNeverLaunched(kernel, type))];
            if (fitting.Length == 0)
                throw new InvalidOperationException(
                    $"{kernel.DeclaringType!.Name}.{kernel.Name}: no struct fits its parameter {parameter.Name}");
            arguments = [.. arguments.SelectMany(_ => fitting, (chosen, type) => (Type[])[.. chosen, type])];
        }
        return arguments.Select(chosen => kernel.MakeGenericMethod(chosen));
    }

    /// <summary>The type itself; of a struct with type parameters all its instances, but for what no kernel is launched with.</summary>
    /// <param name="inner">Whether for an argument of another: one inside it has no type parameters.</param>
    private static IEnumerable<Type> Closed(Type type, bool inner = false)
    {
        if (!type.IsGenericTypeDefinition) return [type];
        if (!type.IsValueType || type.GetGenericArguments() is not [Type parameter]) return [];
        // Halves lie in the tile's own order there and are copied, never decoded.
        return (inner ? All : All.SelectMany(argument => Closed(argument, inner: true)))
            .Where(argument => Fits(argument, parameter) && !(type == typeof(DecodedFill<>) && IsHalves(argument)))
            .Select(argument => type.MakeGenericType(argument));
    }

    private static bool IsHalves(Type weights) => weights == typeof(DeviceHalves<DeviceHalfRows>) || weights == typeof(DeviceHalves<DeviceF16>);

    /// <summary>Weights of a device for tensor cores have their own layout, and the processor's kernels never run there.</summary>
    private static bool IsNeverLaunched(MethodInfo kernel, Type argument)
        => argument == typeof(DeviceHalves<DeviceHalfRows>)
            && (kernel.DeclaringType == typeof(LinearRow) || kernel.DeclaringType == typeof(LinearTile));

    /// <summary>A struct with every interface that the parameter asks for; the interface may name the parameter itself.</summary>
    private static bool Fits(Type type, Type parameter)
    {
        Type[] wanted = [.. parameter.GetGenericParameterConstraints().Where(constraint => constraint.IsInterface)];
        return type is { IsValueType: true, IsGenericTypeDefinition: false } && wanted.Length > 0
            && Array.TrueForAll(wanted, constraint => Array.Exists(
                type.GetInterfaces(), has
                => has == constraint || (constraint.IsGenericType && has.IsGenericType
                && has.GetGenericTypeDefinition() == constraint.GetGenericTypeDefinition())));
    }
}
