using System.Reflection;
using System.Reflection.Emit;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU.IR.Intrinsics;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The methods of our own that ILGPU compiles into a kernel: what it calls, what that calls, and the
/// functors given as type arguments.</summary>
/// <remarks>
/// The body of an intrinsic of our own is left out: GPUs get its instruction, only ILGPU's CPU accelerator runs the body. But those of
/// <see cref="PortableIntrinsics"/> are read like any method: OpenCL compiles what they call.
/// </remarks>
internal sealed class KernelReach
{
    private readonly List<MethodBase> methods = [];
    private readonly HashSet<MethodBase> seen = [];

    public KernelReach(MethodBase kernel) => Visit(kernel);

    public IReadOnlyList<MethodBase> Methods => methods;

    /// <summary>Whether the kernel reaches an intrinsic of our own: then it is of the tensor-core tier.</summary>
    public bool IsTensorCore { get; private set; }

    /// <summary>The method that a call means: on a functor, the struct's own.</summary>
    /// <param name="constraint">The type before the call's dot, where that is a type argument.</param>
    public static MethodBase Target(MethodBase called, Type? constraint)
    {
        if (constraint is not { IsValueType: true } || called.DeclaringType is not { IsInterface: true } contract) return called;
        InterfaceMapping map = constraint.GetInterfaceMap(contract);
        var definition = (MethodInfo)called;
        MethodInfo open = definition.IsGenericMethod ? definition.GetGenericMethodDefinition() : definition;
        MethodInfo target = map.TargetMethods[Array.IndexOf(map.InterfaceMethods, open)];
        return definition.IsGenericMethod ? target.MakeGenericMethod(definition.GetGenericArguments()) : target;
    }

    public static bool IsOurs(MethodBase method)
        => method.Module.Assembly.GetName().Name!.StartsWith("EdgeVideoLlava.", StringComparison.Ordinal);

    private void Visit(MethodBase method)
    {
        if (!IsOurs(method) || !seen.Add(method)) return;
        if (method.DeclaringType != typeof(PortableIntrinsics)
            && method.IsDefined(typeof(IntrinsicImplementationAttribute), inherit: false))
        {
            IsTensorCore = true;
            return;
        }
        methods.Add(method);
        Type? constraint = null;
        foreach (IlInstruction instruction in IlReader.Read(method))
        {
            if (instruction.Operand is MethodBase called) Visit(Target(called, constraint));
            constraint = instruction.Code == OpCodes.Constrained ? (Type)instruction.Operand! : null;
        }
    }
}
