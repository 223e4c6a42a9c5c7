using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>What a compiler, or we, might have got wrong.</summary>
public enum TextFault
{
    /// <summary>bar.sync or bar.warp.sync taken out.</summary>
    NoBarrier,

    /// <summary>cp.async.wait_group leaves one group more.</summary>
    WeakerWait,

    /// <summary>A move of a variable with several sources dropped: it keeps what it had.</summary>
    NoMove,
    SwappedOperands,
    NegatedPredicate,

    /// <summary>Of an address.</summary>
    IndexOffByOne,
}

/// <summary>A fault in one instruction of a kernel's text.</summary>
internal sealed record PlantedTextFault(TextFault Kind, PtxModule Module, int At, Instruction Mutated)
{
    private static readonly string[] Commutative = ["add", "mul", "and", "or", "xor", "min", "max", "lop3", "selp", "mad", "fma"];

    public override string ToString() => $"{Module.Name}, {Kind} at {At}: {Module.Lines[At]}";

    /// <summary>Every fault of a kind that can be planted where the text has been reached.</summary>
    public static IEnumerable<PlantedTextFault> Of(TextFault kind, PtxModule module)
    {
        HashSet<int> joined = [.. module.Code.SelectMany(i => i.Written).CountBy(slot => slot).Where(count => count.Value > 1)
            .Select(count => count.Key)];
        return from at in Enumerable.Range(0, module.Code.Length)
               where module.Covered[at]
               let mutated = Mutate(kind, module, at, joined)
               where mutated != null
               select new PlantedTextFault(kind, module, at, mutated.Value);
    }

    /// <summary>Runs something while the fault is in the text.</summary>
    public T Within<T>(Func<T> run)
    {
        Instruction right = Module.Code[At];
        Module.Code[At] = Mutated;
        try
        {
            return run();
        }
        finally
        {
            Module.Code[At] = right;
        }
    }

    /// <param name="joined">Registers that are written in several places.</param>
    private static Instruction? Mutate(TextFault kind, PtxModule module, int at, HashSet<int> joined)
    {
        Instruction i = module.Code[at];
        string operation = module.Opcode(at).Split('.')[0];
        return kind switch
        {
            TextFault.NoBarrier when i.Kind is InstructionKind.Barrier or InstructionKind.WarpBarrier => Instruction.Nothing(at + 1),
            TextFault.WeakerWait when i.Kind == InstructionKind.WaitForCopies => i with { Immediate = i.Immediate + 1 },
            TextFault.NoMove when operation == "mov" && joined.Contains(i.D) => Instruction.Nothing(at + 1),
            TextFault.SwappedOperands when i.Kind == InstructionKind.Compute && i.B != 0 && i.A != i.B && !Commutative.Contains(operation)
                && !module.Opcode(at).StartsWith("mul.wide") && !IsEquality(module.Opcode(at)) => i with { A = i.B, B = i.A },
            TextFault.NegatedPredicate when i.Guard != 0 => i with { GuardNegated = !i.GuardNegated },
            TextFault.IndexOffByOne when module.Opcode(at) == "mul.wide.u32" => i with { Formula = (a, b, c) => i.Formula!(a + 1, b, c) },
            _ => null,
        };
    }

    private static bool IsEquality(string opcode) => opcode.StartsWith("setp.eq") || opcode.StartsWith("setp.ne");
}
