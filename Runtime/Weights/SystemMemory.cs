namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Memory that a program may still take.</summary>
internal static class SystemMemory
{
    /// <summary>Bytes: Linux's own estimate (MemAvailable), elsewhere what the garbage collector knows.</summary>
    public static long Available()
    {
        const string meminfo = "/proc/meminfo";
        string? line = File.Exists(meminfo) ? File.ReadLines(meminfo).FirstOrDefault(text => text.StartsWith("MemAvailable:")) : null;
        if (line != null && long.TryParse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], out long kilobytes))
            return kilobytes << 10;
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return info.TotalAvailableMemoryBytes - info.MemoryLoadBytes;
    }
}
