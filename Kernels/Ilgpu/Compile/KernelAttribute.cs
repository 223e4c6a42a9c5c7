using System.Reflection;

namespace EdgeVideoLlava.Kernels.Ilgpu.Compile;

/// <summary>Marks a method that runs on accelerators. The tests find all kernels by it; an unmarked method is refused
/// at its first launch.</summary>
/// <remarks>
/// A kernel whose first parameter is an Index1D runs once for each item; any other runs in groups that share memory and barriers.
/// </remarks>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class KernelAttribute : Attribute
{
    /// <summary>Items of a group, which share its registers. 0: a type argument says it (<see cref="IGroupShape"/>),
    /// or the driver chooses.</summary>
    public int Group { get; init; }

    /// <summary>Bytes of dynamic shared memory that a launch asks for.</summary>
    public int DynamicBytes { get; init; }

    /// <summary>Items of a group and bytes of dynamic shared memory of a kernel with its type arguments.</summary>
    /// <exception cref="InvalidOperationException">The method is not marked.</exception>
    public static (int Group, int DynamicBytes) Of(MethodInfo kernel)
    {
        KernelAttribute mark = kernel.GetCustomAttribute<KernelAttribute>()
            ?? throw new InvalidOperationException($"{kernel.DeclaringType!.Name}.{kernel.Name} is launched, but not marked as a kernel");
        foreach (Type argument in kernel.IsGenericMethod ? kernel.GetGenericArguments() : [])
        {
            if (argument.IsAssignableTo(typeof(IGroupShape)) && Activator.CreateInstance(argument) is IGroupShape shape)
                return (shape.Items, shape.DynamicBytes);
        }
        return (mark.Group, mark.DynamicBytes);
    }
}

/// <summary>A type argument of a kernel that decides the size of its groups.</summary>
internal interface IGroupShape
{
    /// <summary>Items of a group.</summary>
    int Items { get; }

    /// <summary>Bytes of shared memory that a launch asks for, 0 where the kernel declares its own.</summary>
    int DynamicBytes { get; }
}
