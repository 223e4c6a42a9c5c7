using ILGPU;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using static ILGPU.Backends.RegisterAllocator<ILGPU.Backends.PTX.PTXRegisterKind>;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Writes instructions of PTX: operands and results of an intrinsic by their registers' names.</summary>
/// <remarks>Operands are named before the instruction is begun: moving a constant into a register is an instruction of its own.</remarks>
internal static class PtxText
{
    public static void Write(PTXCodeGenerator generator, string text)
    {
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(text);
    }

    public static string Scalar(PTXCodeGenerator generator, Value operand) => Name(generator, generator.LoadPrimitive(operand));

    public static string Vector(PTXCodeGenerator generator, Value operand) => Braces(generator, generator.Load(operand));

    public static string ScalarResult(PTXCodeGenerator generator, Value value) => Name(generator, generator.AllocateHardware(value));

    public static string VectorResult(PTXCodeGenerator generator, Value value) => Braces(generator, generator.Allocate(value));

    private static string Braces(PTXCodeGenerator generator, Register register)
        => $"{{{string.Join(", ", Fields(register).Select(field => Name(generator, field)))}}}";

    private static IEnumerable<PrimitiveRegister> Fields(Register register)
        => register is CompoundRegister compound ? compound.Children.SelectMany(Fields) : [(PrimitiveRegister)register];

    private static string Name(PTXCodeGenerator generator, PrimitiveRegister register)
        => "%" + PTXRegisterAllocator.GetStringRepresentation(generator.EnsureHardwareRegister(register));

    /// <summary>A register of 16 bits for as long as it is not disposed.</summary>
    public readonly struct Half(PTXCodeGenerator generator) : IDisposable
    {
        private readonly HardwareRegister register = generator.AllocateRegister(BasicValueType.Int16, PTXRegisterKind.Int16);

        public string Name => PtxText.Name(generator, register);

        public void Dispose() => generator.FreeRegister(register);
    }
}
