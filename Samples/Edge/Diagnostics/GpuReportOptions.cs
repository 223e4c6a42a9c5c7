namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>What a <see cref="GpuReport"/> measures.</summary>
/// <param name="Device">As on the command line; "auto" takes a GPU or nothing.</param>
public sealed record GpuReportOptions(string Device = "auto")
{
    /// <summary>What would begin after this time is left out and named. Half a minute is left for what is under way then.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromMinutes(7.5);

    /// <summary>Worker threads of the processor; 0 = one for each core.</summary>
    public int Threads { get; init; }
}
