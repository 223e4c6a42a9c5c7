using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Writes x % y of 32-bit integers as x - x / y * y in OpenCL's text: what every compiler makes of a
/// quotient and a remainder of the same numbers.</summary>
/// <remarks>Made by LLVM's optimiser, it contains an instruction (freeze) that oclgrind's look-out for uninitialised
/// memory cannot follow.</remarks>
internal static class OpenClRemainder
{
    public static void Register(IntrinsicImplementationManager intrinsics)
        => intrinsics.RegisterBinaryArithmetic(
            BinaryArithmeticKind.Rem, BasicValueType.Int32, new CLIntrinsic(typeof(OpenClRemainder), nameof(Generate),
                IntrinsicImplementationMode.GenerateCode));

    // Called by ILGPU, by its name.
    private static void Generate(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        var remainder = (BinaryArithmeticValue)value;
        VariableAllocator.Variable x = generator.Load(remainder.Left), y = generator.Load(remainder.Right),
            target = generator.Allocate(value);
        using CLCodeGenerator.StatementEmitter text = generator.BeginStatement(target);
        ArithmeticBasicValueType type = remainder.ArithmeticBasicValueType;
        Operand(text, x, type, '-');
        Operand(text, x, type, '/');
        Operand(text, y, type, '*');
        Operand(text, y, type, ' ');
    }

    private static void Operand(CLCodeGenerator.StatementEmitter text, VariableAllocator.Variable operand, ArithmeticBasicValueType type,
        char next)
    {
        text.AppendCast(type);
        text.Append(operand);
        text.AppendCommand(next);
    }
}
