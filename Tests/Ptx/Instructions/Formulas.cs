namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>What each opcode computes (PTX ISA, "Instruction Set"). An opcode that is not here is not known.</summary>
internal static partial class Formulas
{
    private static readonly Dictionary<string, (int Operands, Formula Compute)> Known = [];

    static Formulas()
    {
        AddMoves();
        AddBits();
        AddIntegers<S32, int>();
        AddIntegers<U32, uint>();
        AddIntegers<S64, long>();
        AddIntegers<U64, ulong>();
        AddWide();
        AddFloats<F32, float>();
        AddFloats<F64, double>();
        AddFunctions();
        AddComparisons<S32, int>();
        AddComparisons<U32, uint>();
        AddComparisons<S64, long>();
        AddComparisons<U64, ulong>();
        AddComparisons<F32, float>();
        AddComparisons<F64, double>();
        AddUnordered<F32, float>();
        AddUnordered<F64, double>();
        AddConversions();
    }

    /// <summary>How many operands an opcode has and what it makes of them.</summary>
    /// <exception cref="NotSupportedException">It is not known.</exception>
    public static (int Operands, Formula Compute) Of(string opcode)
        => Known.TryGetValue(opcode, out (int, Formula) known) ? known : throw new NotSupportedException($"unknown opcode {opcode}");

    /// <param name="opcodes">Names with the same meaning, separated by spaces.</param>
    private static void Add(string opcodes, int operands, Formula compute)
    {
        foreach (string opcode in opcodes.Split(' ')) Known.Add(opcode, (operands, compute));
    }

    private static ulong Bit(bool value) => value ? 1ul : 0;
}
