namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>A view among a launch's arguments.</summary>
internal readonly record struct GlobalView(long Start, long Bytes, int ElementBytes);

/// <summary>What a launch may touch: its views, at their own addresses. Who has read and written each number is kept.</summary>
/// <remarks>Nothing orders the items of different groups, and barriers are not counted here: no item may touch what another
/// writes.</remarks>
internal sealed class GlobalMemory
{
    private const int Several = -1;

    // Items share elements that are larger.
    private const int WordBytes = 4;

    /// <summary>Views that overlap.</summary>
    private sealed class Region(long start, long end, int cellBytes)
    {
        public readonly long Start = start, End = end;
        public readonly int CellBytes = cellBytes;

        // 1 + the item; 0 nobody. Made at the first write and the first read.
        public int[]? Writers, Readers;

        public int Cells => (int)((End - Start + CellBytes - 1) / CellBytes);
    }

    private readonly Region[] regions;

    public GlobalMemory(IEnumerable<GlobalView> views)
    {
        var merged = new List<Region>();
        foreach (GlobalView view in views.Where(view => view.Bytes > 0).OrderBy(view => view.Start))
        {
            Region next = new(view.Start, view.Start + view.Bytes, Math.Min(WordBytes, view.ElementBytes));
            if (merged.Count > 0 && merged[^1] is var last && next.Start < last.End)
            {
                next = new Region(last.Start, Math.Max(last.End, next.End), Math.Min(last.CellBytes, next.CellBytes));
                merged.RemoveAt(merged.Count - 1);
            }
            merged.Add(next);
        }
        regions = [.. merged];
    }

    /// <summary>Whether an access lies inside a view.</summary>
    /// <param name="hint">The view that the instruction met last.</param>
    public bool Contains(long address, int bytes, ref int hint)
    {
        if ((uint)hint < (uint)regions.Length && Holds(regions[hint], address, bytes)) return true;
        hint = Array.FindIndex(regions, region => Holds(region, address, bytes));
        return hint >= 0;
    }

    /// <summary>Notes a read inside view <paramref name="hint"/>; says what is wrong with it.</summary>
    public string? Read(long address, int bytes, int item, int hint)
    {
        Region region = regions[hint];
        region.Readers ??= new int[region.Cells];
        int me = item + 1, first = (int)((address - region.Start) / region.CellBytes);
        int last = (int)((address + bytes - 1 - region.Start) / region.CellBytes);
        for (int cell = first; cell <= last; cell++)
        {
            if (region.Writers != null && region.Writers[cell] is not 0 and var writer && writer != me)
                return $"item {item} reads what item {writer - 1} writes in the same launch";
            ref int reader = ref region.Readers[cell];
            reader = reader == 0 || reader == me ? me : Several;
        }
        return null;
    }

    /// <summary>Notes a write inside view <paramref name="hint"/>; says what is wrong with it.</summary>
    public string? Write(long address, int bytes, int item, int hint)
    {
        Region region = regions[hint];
        region.Writers ??= new int[region.Cells];
        int me = item + 1, first = (int)((address - region.Start) / region.CellBytes);
        int last = (int)((address + bytes - 1 - region.Start) / region.CellBytes);
        for (int cell = first; cell <= last; cell++)
        {
            ref int writer = ref region.Writers[cell];
            if (writer != 0 && writer != me) return $"items {item} and {writer - 1} write the same number";
            if (region.Readers != null && region.Readers[cell] is not 0 and var reader && reader != me)
                return $"item {item} writes what {(reader == Several ? "others read" : $"item {reader - 1} reads")} in the same launch";
            writer = me;
        }
        return null;
    }

    /// <summary>Where an access outside lies, by the view that is nearest.</summary>
    public string Outside(long address, int bytes)
    {
        Region? near = regions.MinBy(region
            => Math.Min(Math.Abs((decimal)address - region.Start), Math.Abs((decimal)address - region.End)));
        return near == null ? "where the launch has no view"
            : $"{bytes} bytes at {address - near.Start} of a view of {near.End - near.Start} bytes";
    }

    private static bool Holds(Region region, long address, int bytes) => address >= region.Start && address + bytes <= region.End;
}
