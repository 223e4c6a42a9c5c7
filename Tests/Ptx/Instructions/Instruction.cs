namespace EdgeVideoLlava.Tests.Ptx.Instructions;

/// <summary>A decoded instruction. Operands are slots of a lane's registers: constants, parameters and special
/// registers have slots of their own.</summary>
internal struct Instruction
{
    public InstructionKind Kind;

    /// <summary>A conditional branch that claims to go the same way in all lanes (bra.uni).</summary>
    public bool ClaimsUniform;

    /// <summary>Whether the guard has to be false.</summary>
    public bool GuardNegated;

    /// <summary>Of a matrix: transposed; of a shuffle: <see cref="ShuffleMode"/>; of a memory access: bytes of a number.</summary>
    public byte Form;

    /// <summary>The predicate that it depends on; 0, which holds zero in every lane: none.</summary>
    public int Guard;

    /// <summary>Result and operands; slot 0 where there is none.</summary>
    public int D, A, B, C;

    /// <summary>Where a branch goes.</summary>
    public int Target;

    /// <summary>Offset of an address; groups of copies that a wait leaves.</summary>
    public int Immediate;

    public Formula? Formula;

    /// <summary>Of vectors and matrices.</summary>
    public int[]? Results, Sources;

    /// <summary>Every register that it writes.</summary>
    public readonly IEnumerable<int> Written => (Results ?? []).Concat(D == 0 ? [] : [D]);

    /// <summary>Every register that it reads.</summary>
    public readonly IEnumerable<int> Read => new[] { Guard, A, B, C }.Where(slot => slot != 0).Concat(Sources ?? []);

    /// <summary>Does nothing.</summary>
    public static Instruction Nothing(int next) => new() { Kind = InstructionKind.Branch, Target = next };
}

/// <summary>A result from up to three operands; each holds its bits in the low part, zeros above.</summary>
internal delegate ulong Formula(ulong a, ulong b, ulong c);

/// <summary>PTX ISA, "shfl.sync".</summary>
internal enum ShuffleMode : byte { Up, Down, Butterfly, Index }
