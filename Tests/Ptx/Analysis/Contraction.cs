using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Analysis;

/// <summary>What the assembler may make of mul.f32 and add.f32 or sub.f32 without a rounding modifier (PTX ISA, "mul"): a
/// product that only one sum of the same block uses becomes one instruction with it.</summary>
internal static class Contraction
{
    /// <summary>Changes the module's code; returns how many products are gone.</summary>
    public static int Apply(PtxModule module)
    {
        Instruction[] code = module.Code;
        HashSet<int> starts = [.. code.Index().Where(i => i.Item.Kind == InstructionKind.Branch)
            .SelectMany(i => new[] { i.Item.Target, i.Index + 1 })];
        var writes = code.SelectMany(i => i.Written).CountBy(slot => slot).ToDictionary();
        var reads = code.SelectMany(i => i.Read).CountBy(slot => slot).ToDictionary();
        int contracted = 0;
        for (int at = 0; at < code.Length; at++)
        {
            int product = code[at].D;
            if (module.Opcode(at) != "mul.f32" || writes[product] != 1 || reads.GetValueOrDefault(product) != 1) continue;
            if (Use(module, at, starts) is not { } use) continue;
            code[use] = Contracted(code[at], code[use], module.Opcode(use) == "sub.f32");
            contracted++;
        }
        return contracted;
    }

    /// <summary>The sum in the same block that uses the product while its factors are still what they were.</summary>
    private static int? Use(PtxModule module, int at, HashSet<int> starts)
    {
        Instruction product = module.Code[at];
        for (int next = at + 1; next < module.Code.Length && !starts.Contains(next); next++)
        {
            Instruction i = module.Code[next];
            if (i.Read.Contains(product.D)) return module.Opcode(next) is "add.f32" or "sub.f32" && i.Guard == 0 && i.C == 0 ? next : null;
            if (i.Written.Any(slot => slot == product.A || slot == product.B)) return null;
        }
        return null;
    }

    private static Instruction Contracted(Instruction product, Instruction sum, bool subtracts)
    {
        bool first = sum.A == product.D;
        return sum with
        {
            Formula = Formulas.Contracted(negatedProduct: subtracts && !first, negatedSum: subtracts && first),
            A = product.A,
            B = product.B,
            C = first ? sum.B : sum.A,
        };
    }
}
