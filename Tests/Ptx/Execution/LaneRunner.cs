using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>Runs one lane up to where it has to meet others, or its end.</summary>
/// <param name="longest">Instructions after which a lane is taken not to end.</param>
internal sealed unsafe class LaneRunner(PtxModule module, LaneMemory memory, UniformClaims claims, long longest)
{
    private readonly Instruction[] code = module.Code;
    private readonly bool[] covered = module.Covered;

    /// <summary>Instructions of all lanes so far.</summary>
    public long Executed { get; private set; }

    public void Run(ref Lane lane)
    {
        ref Instruction first = ref MemoryMarshal.GetArrayDataReference(code);
        ref bool reached = ref MemoryMarshal.GetArrayDataReference(covered);
        ulong* r = lane.Registers;
        int pc = lane.Pc;
        long executed = 0, most = longest - lane.Executed;
        claims.Start();
        for (lane.State = LaneState.Running; lane.State == LaneState.Running;)
        {
            ref Instruction i = ref Unsafe.Add(ref first, pc);
            Unsafe.Add(ref reached, pc) = true;
            executed++;
            if (i.Guard != 0 && !Passes(i, r, pc, lane.Item)) pc++;
            else if (i.Kind == InstructionKind.Compute)
            {
                r[i.D] = i.Formula!(r[i.A], r[i.B], r[i.C]);
                pc++;
            }
            else if (i.Kind == InstructionKind.Branch)
            {
                if (executed > most) throw memory.Fault(FaultKind.Endless, pc, $"item {lane.Item} does not end");
                pc = i.Target;
            }
            else if (Step(ref lane, i, r, pc)) pc++;
        }
        lane.Pc = pc;
        lane.Executed += executed;
        Executed += executed;
    }

    private bool Passes(in Instruction i, ulong* r, int pc, int item)
    {
        bool taken = r[i.Guard] != 0 != i.GuardNegated;
        if (i.ClaimsUniform && claims.Pass(pc, item, taken) is { } wrong) throw memory.Fault(FaultKind.Uniformity, pc, wrong);
        return taken;
    }

    /// <summary>Memory and control. False: the lane stays where it is, to meet others or because it has ended.</summary>
    private bool Step(ref Lane lane, in Instruction i, ulong* r, int pc)
    {
        switch (i.Kind)
        {
            case InstructionKind.LoadGlobal: memory.LoadGlobal(lane, i, pc); return true;
            case InstructionKind.StoreGlobal: memory.StoreGlobal(lane, i, pc); return true;
            case InstructionKind.LoadShared: memory.LoadShared(lane, i, pc); return true;
            case InstructionKind.StoreShared: memory.StoreShared(lane, i, pc); return true;
            case InstructionKind.BeginCopy: memory.BeginCopy(ref lane, i, pc); return true;
            case InstructionKind.CommitCopies: (lane.Copies ??= new LaneCopies()).Commit(); return true;
            case InstructionKind.WaitForCopies: memory.WaitForCopies(lane, i.Immediate); return true;
            case InstructionKind.Unpack:
                (r[i.Results![0]], r[i.Results[1]]) = ((ushort)r[i.A], r[i.A] >> 16 & ushort.MaxValue);
                return true;
            default:
                lane.State = i.Kind switch
                {
                    InstructionKind.Return => LaneState.Ended,
                    InstructionKind.Barrier => LaneState.AtBarrier,
                    _ => LaneState.AtWarpOperation,
                };
                return false;
        }
    }
}
