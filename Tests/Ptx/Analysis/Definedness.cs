using System.Collections;
using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Analysis;

/// <summary>Registers that some way through the code reads before anything is written to them: whatever the numbers,
/// the text is wrong.</summary>
internal static class Definedness
{
    /// <summary>"instruction: register", of each.</summary>
    public static IEnumerable<string> UndefinedReads(PtxModule module)
    {
        BitArray?[] defined = Defined(module);
        return from at in Enumerable.Range(0, module.Code.Length)
               where defined[at] != null
               from slot in module.Code[at].Read
               where !defined[at]![slot]
               select $"{module.Lines[at]}: {module.Slots[slot]}";
    }

    /// <summary>Instructions that may follow one.</summary>
    public static IEnumerable<int> Next(Instruction[] code, int at)
    {
        Instruction i = code[at];
        if (i.Kind == InstructionKind.Branch) yield return i.Target;
        if (i.Guard != 0 || i.Kind is not (InstructionKind.Branch or InstructionKind.Return)) yield return at + 1;
    }

    /// <summary>What is written on every way to each instruction; null where there is no way.</summary>
    private static BitArray?[] Defined(PtxModule module)
    {
        var before = new BitArray?[module.Code.Length];
        before[0] = AtStart(module);
        var work = new Stack<int>([0]);
        while (work.TryPop(out int at))
        {
            var after = new BitArray(before[at]!);
            foreach (int slot in module.Code[at].Guard == 0 ? module.Code[at].Written : []) after[slot] = true;
            foreach (int next in Next(module.Code, at))
            {
                BitArray met = before[next] == null ? after : new BitArray(before[next]!).And(after);
                if (before[next] is { } known && !new BitArray(known).Xor(met).HasAnySet()) continue;
                before[next] = new BitArray(met);
                work.Push(next);
            }
        }
        return before;
    }

    private static BitArray AtStart(PtxModule module)
    {
        var start = new BitArray(module.Slots.Count);
        foreach ((int slot, _) in module.Constants) start[slot] = true;
        foreach (ParameterSlot parameter in module.ParameterSlots) start[parameter.Slot] = true;
        foreach (int slot in module.Specials.Values) start[slot] = true;
        return start;
    }
}
