namespace EdgeVideoLlava.Tests.Ptx.Execution;

internal enum LaneState { Running, AtWarpOperation, AtBarrier, Ended }

/// <summary>An item of a group: its own registers, its own place in the code.</summary>
internal unsafe struct Lane
{
    /// <summary>Its number in the group.</summary>
    public int Item;

    /// <summary>The next instruction.</summary>
    public int Pc;
    public LaneState State;
    public ulong* Registers;

    /// <summary>Instructions that it has run.</summary>
    public long Executed;

    /// <summary>How often it has met its group, and its warp, at a barrier.</summary>
    public int Barriers, WarpBarriers;

    public LaneCopies? Copies;
}
