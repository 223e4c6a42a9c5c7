using System.Reflection;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>What a kernel is called in tables: "Operation", or "Operation.NamedKernel" where the type has several,
/// and the type arguments.</summary>
internal static class KernelName
{
    public static string Of(MethodInfo kernel)
    {
        string name = kernel.DeclaringType!.Name + (kernel.Name == "Kernel" ? "" : $".{kernel.Name}");
        return string.Join(", ", [name, .. kernel.GetGenericArguments().SelectMany(Names)]);
    }

    /// <summary>What a type argument is called.</summary>
    public static string Of(Type argument) => string.Join(", ", Names(argument));

    /// <summary>Of a generic argument what it is made of.</summary>
    private static IEnumerable<string> Names(Type type) => type.IsGenericType ? type.GetGenericArguments().SelectMany(Names) : [type.Name];
}
