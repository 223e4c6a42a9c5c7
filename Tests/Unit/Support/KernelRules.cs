using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>What a kernel may not contain, because ILGPU rejects it, compiles it wrongly, or some back end cannot run
/// it; read from its IL.</summary>
internal sealed class KernelRules
{
    private static readonly Dictionary<Type, (string What, string Instead)> ForbiddenTypes = new()
    {
        [typeof(Span<>)] = ("Span", "pass an ArrayView and an index"),
        [typeof(ReadOnlySpan<>)] = ("Span", "pass an ArrayView and an index"),
        [typeof(System.Half)] = ("System.Half", "hold the bits in a ushort and convert by DeviceMath.HalfToFloat"),
        [typeof(ILGPU.Half)] = ("ILGPU.Half", "hold the bits in a ushort and convert by DeviceMath.HalfToFloat"),
        [typeof(decimal)] = ("decimal", "compute in float"),
        [typeof(System.Numerics.Vector4)] = ("Vector4", "take F4, a struct of four fields"),
    };

    private static readonly HashSet<string> Accurate = ["Abs", "Min", "Max", "Sqrt"];
    private static readonly HashSet<string> Coarse = ["Tanh", "Sin", "Cos", "Tan", "SinCos"];
    private static readonly HashSet<string> GroupPlaces = ["Barrier", "get_Index", "get_IdxX", "get_IdxY", "get_IdxZ", "get_Dimension",
        "get_DimX", "get_DimY", "get_DimZ"];

    private readonly string kernel;
    private readonly bool tensorCore;
    private readonly List<string> violations = [];

    private KernelRules(string kernel, bool tensorCore) => (this.kernel, this.tensorCore) = (kernel, tensorCore);

    /// <summary>One sentence for each violation: kernel, method, construct, what to use instead.</summary>
    public static IReadOnlyList<string> Violations(string kernel, MethodBase entry)
    {
        var reach = new KernelReach(entry);
        var rules = new KernelRules(kernel, reach.IsTensorCore);
        rules.Entry(entry);
        foreach (MethodBase method in reach.Methods) rules.Method(method);
        return [.. rules.violations.Distinct()];
    }

    private void Entry(MethodBase entry)
    {
        foreach (ParameterInfo parameter in entry.GetParameters())
        {
            if (parameter.ParameterType.Name.StartsWith("LongIndex", StringComparison.Ordinal))
                Report(entry, $"a parameter {parameter.ParameterType.Name}", "index the kernel by Index1D; a view takes a long inside");
        }
    }

    private void Method(MethodBase method)
    {
        if (method.GetMethodBody() is not { } body)
        {
            Report(method, "a body that is not IL", "give it one, or make it an intrinsic");
            return;
        }
        if (body.ExceptionHandlingClauses.Count > 0) Report(method, "try", "check on the host, and free nothing in a kernel");
        foreach (LocalVariableInfo local in body.LocalVariables) Mention(method, local.LocalType);
        foreach (ParameterInfo parameter in method.GetParameters()) Mention(method, parameter.ParameterType);
        IlInstruction before = default;
        foreach (IlInstruction instruction in IlReader.Read(method))
        {
            Instruction(method, instruction, before);
            before = instruction;
        }
    }

    private void Instruction(MethodBase method, IlInstruction instruction, IlInstruction before)
    {
        OpCode code = instruction.Code;
        if (code == OpCodes.Throw || code == OpCodes.Rethrow) Report(method, "throw", "check on the host");
        else if (code == OpCodes.Localloc) Report(method, "stackalloc", "take fields of a struct");
        else if (code == OpCodes.Ldftn || code == OpCodes.Ldvirtftn || code == OpCodes.Calli)
            Report(method, "a closure or function pointer", "give a struct functor as type argument");
        else if (code == OpCodes.Box)
            Report(method, $"boxing of {((Type)instruction.Operand!).Name}", "take a struct functor's own method");
        else if (code == OpCodes.Ldstr) Report(method, "a string", "report on the host");
        else if (code == OpCodes.Newarr) LocalArray(method, before);
        else if (instruction.Operand is FieldInfo { IsStatic: true } field && code.OperandType == OperandType.InlineField)
            Static(method, field);
        else if (instruction.Operand is MethodBase called)
            Call(method, code, called, before.Code == OpCodes.Constrained ? (Type)before.Operand! : null);
        if (instruction.Operand is Type type) Mention(method, type);
    }

    private void LocalArray(MethodBase method, IlInstruction size)
    {
        if (tensorCore)
            Report(method, "a local array in a tensor-core kernel", "take fields of a struct: what is indexed lies in local memory");
        if (size.Code.Name?.StartsWith("ldc.i4", StringComparison.Ordinal) != true)
            Report(method, "an array whose size is no constant", "take a constant size, or memory that the host allocates");
    }

    private void Static(MethodBase method, FieldInfo field)
    {
        if (field.FieldType.IsArray) Report(method, $"the static array {field.Name}", "pass a buffer");
        else if (!field.IsInitOnly) Report(method, $"the mutable static {field.Name}", "pass a parameter");
        else if (!field.FieldType.IsValueType) Report(method, $"the static object {field.Name}", "pass a parameter");
        Mention(method, field.FieldType);
    }

    private void Call(MethodBase method, OpCode code, MethodBase called, Type? constraint)
    {
        MethodBase target = KernelReach.Target(called, constraint);
        Type type = target.DeclaringType!;
        if (code == OpCodes.Newobj && !type.IsValueType) Report(method, $"the class {type.Name}", "take a struct");
        else if (code == OpCodes.Callvirt && !type.IsValueType)
            Report(method, $"a virtual call of {type.Name}.{target.Name}", "take a struct functor as type argument");
        else if (!KernelReach.IsOurs(target)) Library(method, target, type);
    }

    private void Library(MethodBase method, MethodBase called, Type type)
    {
        string name = $"{type.Name}.{called.Name}";
        bool isMath = type == typeof(Math) || type == typeof(MathF) || type == typeof(XMath);
        if (Mention(method, type)) return;
        if (called.Name == "Clamp") Report(method, name, "it throws; take XMath.Min and XMath.Max");
        else if (type == typeof(BitConverter)) Report(method, name, "take Interop.FloatAsInt and Interop.IntAsFloat");
        else if (called.Name == "FusedMultiplyAdd") Report(method, name, "write a * b + c: its text has an unresolved function");
        else if (called.Name == "CopySign") Report(method, name, "CUDA's text has its arguments swapped; compare with 0");
        else if (isMath && Coarse.Contains(called.Name))
            Report(method, name, "CUDA approximates it coarsely; take a table made by the host, or arithmetic");
        else if (!tensorCore && type.Name is "Warp" or "WarpExtensions")
            Report(method, name, "most OpenCL devices lack it; take shared memory and Group.Barrier");
        else if (!tensorCore && type.Name is "Atomic" or "AtomicOperations")
            Report(method, name, "PoCL 3.1 lacks it; let one group own each result");
        else if (!tensorCore && type == typeof(SharedMemory) && called.Name.StartsWith("GetDynamic", StringComparison.Ordinal))
            Report(method, name, "PoCL 3.1 lacks it; allocate a constant size");
        else if (!tensorCore && (type.Name == "GroupExtensions" || (type == typeof(Group) && !GroupPlaces.Contains(called.Name))))
            Report(method, name, "PoCL 3.1 lacks it; take shared memory and Group.Barrier");
        else if (tensorCore && type == typeof(LocalMemory))
            Report(method, "a local array in a tensor-core kernel", "take fields of a struct: what is indexed lies in local memory");
        else if (type.Namespace?.StartsWith("ILGPU.Runtime", StringComparison.Ordinal) == true && type.Name is "CudaAsm" or "LibDevice")
            Report(method, name, "make it an intrinsic with a C# body");
        else if (!IsKnown(type, called.Name))
            Report(method, name, "it is not among the library's methods that are known to compile; write it out");
    }

    /// <summary>ILGPU reads the IL of the runtime's methods too, which changes with the runtime: only those are taken
    /// that it maps itself.</summary>
    private static bool IsKnown(Type type, string name)
        => type.Assembly == typeof(Context).Assembly || type.Assembly == typeof(XMath).Assembly
            || ((type == typeof(Math) || type == typeof(MathF)) && Accurate.Contains(name))
            || (type == typeof(Unsafe) && name == "As")
            || type.IsAssignableTo(typeof(ITuple)) || Nullable.GetUnderlyingType(type) != null;

    private bool Mention(MethodBase method, Type type)
    {
        if (type.HasElementType) return Mention(method, type.GetElementType()!);
        if (!ForbiddenTypes.TryGetValue(type.IsGenericType ? type.GetGenericTypeDefinition()
            : type, out (string What, string Instead) forbidden)) return false;
        Report(method, forbidden.What, forbidden.Instead);
        return true;
    }

    private void Report(MethodBase method, string construct, string instead)
        => violations.Add($"{kernel}: {method.DeclaringType!.Name}.{method.Name} has {construct}; {instead}");
}
