using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>A group's lanes from meeting to meeting.</summary>
internal sealed class GroupRun(PtxModule module, LaneMemory memory, LaneRunner runner, UniformClaims claims, LaneOrder order)
{
    private const int WarpSize = 32;

    public void Run(Span<Lane> lanes)
    {
        int warps = (lanes.Length + WarpSize - 1) / WarpSize;
        while (true)
        {
            for (int i = 0; i < warps; i++)
            {
                int first = WarpSize * (order == LaneOrder.Ascending ? i : warps - 1 - i);
                RunWarp(lanes.Slice(first, Math.Min(WarpSize, lanes.Length - first)));
            }
            int waiting = Count(lanes, LaneState.AtBarrier, out int pc);
            if (waiting == 0) break;
            if (waiting < lanes.Length)
                throw memory.Fault(FaultKind.Divergence, pc, $"{lanes.Length - waiting} of {lanes.Length} items have ended");
            foreach (ref Lane lane in lanes)
            {
                lane.Barriers++;
                GoOn(ref lane);
            }
        }
        foreach (ref Lane lane in lanes)
        {
            if (lane.Copies is { Any: true })
                throw memory.Fault(FaultKind.Copies, lane.Pc, $"item {lane.Item} ends with copies that it has not waited for");
        }
    }

    /// <summary>Until every lane has ended or waits for the group.</summary>
    private void RunWarp(Span<Lane> warp)
    {
        while (true)
        {
            for (int i = 0; i < warp.Length; i++)
            {
                ref Lane lane = ref warp[order == LaneOrder.Ascending ? i : warp.Length - 1 - i];
                if (lane.State == LaneState.Running) runner.Run(ref lane);
            }
            claims.Meet();
            int meeting = Count(warp, LaneState.AtWarpOperation, out int pc), waiting = Count(warp, LaneState.AtBarrier, out int barrier);
            if (meeting == 0)
            {
                if (waiting > 0) CheckTogether(warp, waiting, barrier);
                return;
            }
            CheckTogether(warp, meeting, pc);
            Meet(warp, pc);
            foreach (ref Lane lane in warp) GoOn(ref lane);
        }
    }

    private static int Count(ReadOnlySpan<Lane> lanes, LaneState state, out int pc)
    {
        int count = 0;
        pc = 0;
        foreach (ref readonly Lane lane in lanes)
        {
            if (lane.State != state) continue;
            pc = lane.Pc;
            count++;
        }
        return count;
    }

    private static void GoOn(ref Lane lane)
    {
        lane.State = LaneState.Running;
        lane.Pc++;
    }

    /// <summary>The lanes that meet are all lanes of a full warp, at one place; at a barrier of the group the warp may be short.</summary>
    private void CheckTogether(ReadOnlySpan<Lane> warp, int here, int pc)
    {
        bool isBarrier = module.Code[pc].Kind == InstructionKind.Barrier;
        int wanted = isBarrier ? warp.Length : WarpSize;
        if (here < wanted) throw memory.Fault(FaultKind.Divergence, pc, $"only {here} lanes of the warp are here");
        foreach (ref readonly Lane lane in warp)
        {
            if (lane.Pc != pc)
                throw memory.Fault(FaultKind.Divergence, pc, $"item {lane.Item} is at instruction {lane.Pc}, {module.Lines[lane.Pc]}");
            if (!isBarrier && Mask(lane, pc) != uint.MaxValue) throw memory.Fault(FaultKind.Divergence, pc, "a mask of fewer lanes");
        }
    }

    private unsafe uint Mask(in Lane lane, int pc) => (uint)lane.Registers[module.Code[pc].C];

    private void Meet(Span<Lane> warp, int pc)
    {
        ref readonly Instruction instruction = ref module.Code[pc];
        switch (instruction.Kind)
        {
            case InstructionKind.WarpBarrier:
                foreach (ref Lane lane in warp) lane.WarpBarriers++;
                break;
            case InstructionKind.Shuffle: WarpOperations.Shuffle(warp, instruction); break;
            case InstructionKind.MultiplyAdd: WarpOperations.MultiplyAdd(warp, instruction); break;
            case InstructionKind.LoadMatrices: LoadMatrices(warp, instruction, pc); break;
            default: throw new NotSupportedException(instruction.Kind.ToString());
        }
    }

    private void LoadMatrices(ReadOnlySpan<Lane> warp, in Instruction instruction, int pc)
    {
        Span<ushort> elements = stackalloc ushort[WarpSize * 8];
        for (int l = 0; l < WarpSize; l++) memory.LoadRow(warp[l], instruction, pc, elements.Slice(l * 8, 8));
        WarpOperations.SpreadMatrices(warp, instruction, elements);
    }
}
