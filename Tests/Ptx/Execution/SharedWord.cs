namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>Who touched a word of shared memory, and when: two accesses by different items, one of them a write, need a
/// barrier between them, of the group or of their warp.</summary>
internal struct SharedWord
{
    /// <summary>An item, and how many barriers it had passed.</summary>
    private readonly struct Access(in Lane lane)
    {
        /// <summary>1 + the item; 0 nobody.</summary>
        private readonly int who = lane.Item + 1;
        private readonly int barriers = lane.Barriers, warpBarriers = lane.WarpBarriers;

        public bool Happened => who != 0;

        public int Item => who - 1;

        public int Warp => Item / 32;

        public bool IsSameGroupTime(in Lane lane) => barriers == lane.Barriers;

        public bool IsSameTime(in Lane lane) => IsSameGroupTime(lane) && warpBarriers == lane.WarpBarriers && Warp == lane.Item / 32;

        /// <summary>Whether it is over before the lane goes on.</summary>
        public bool Precedes(in Lane lane)
            => Item == lane.Item || barriers < lane.Barriers || (Warp == lane.Item / 32 && warpBarriers < lane.WarpBarriers);
    }

    private Access write, read;

    /// <summary>Warps that have read it since the group's last barrier; and whether several items of the last one have,
    /// since its own last one.</summary>
    private uint readers;
    private bool several;

    /// <summary>1 + the item whose asynchronous copy to it is not waited for yet.</summary>
    private int copier;

    /// <summary>Notes a read; says what is wrong with it.</summary>
    public (FaultKind, string)? Read(in Lane lane)
    {
        if (copier != 0) return (FaultKind.Uninitialised, $"item {lane.Item} reads where a copy of item {copier - 1} is not waited for");
        if (!write.Happened) return (FaultKind.Uninitialised, $"item {lane.Item} reads what nobody has written");
        if (!write.Precedes(lane))
            return (FaultKind.Race, $"item {lane.Item} reads what item {write.Item} has written, without a barrier between");
        if (!read.IsSameGroupTime(lane)) readers = 0;
        several = read.Happened && read.Item != lane.Item && read.IsSameTime(lane);
        readers |= 1u << lane.Item / 32;
        read = new Access(lane);
        return null;
    }

    /// <summary>Notes a write; says what is wrong with it.</summary>
    public (FaultKind, string)? Write(in Lane lane)
    {
        if (copier != 0) return (FaultKind.Race, $"item {lane.Item} writes where a copy of item {copier - 1} is not waited for");
        if (Conflict(lane) is { } conflict) return (FaultKind.Race, conflict);
        write = new Access(lane);
        return null;
    }

    /// <summary>From now on the copy may write at any time.</summary>
    public (FaultKind, string)? BeginCopy(in Lane lane)
    {
        if (copier != 0) return (FaultKind.Race, $"item {lane.Item} copies where a copy of item {copier - 1} is not waited for");
        if (Conflict(lane) is { } conflict) return (FaultKind.Race, conflict);
        copier = lane.Item + 1;
        return null;
    }

    /// <summary>The lane that has begun the copy has waited for it.</summary>
    public void EndCopy(in Lane lane) => (copier, write) = (0, new Access(lane));

    private readonly string? Conflict(in Lane lane)
    {
        if (write.Happened && !write.Precedes(lane))
            return $"item {lane.Item} writes over what item {write.Item} has written, without a barrier between";
        if (!read.Happened || !read.IsSameGroupTime(lane)) return null;
        if ((readers & ~(1u << lane.Item / 32)) != 0)
            return $"item {lane.Item} writes what another warp has read, without a barrier between";
        return read.IsSameTime(lane) && (several || read.Item != lane.Item)
            ? $"item {lane.Item} writes what item {read.Item} has read, without a barrier between" : null;
    }
}
