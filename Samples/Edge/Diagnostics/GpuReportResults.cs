using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>A check with what came of it.</summary>
/// <param name="Failure">In one line; null if it passed.</param>
internal sealed record CheckResult(string Tier, string Check, string? Failure);

/// <summary>A kernel with its time.</summary>
/// <param name="Seconds">Of one launch; null if it failed.</param>
/// <param name="Failure">In one line.</param>
internal sealed record KernelResult(string Tier, KernelWork Work, double? Seconds, string? Failure);

/// <summary>A whole model's figures.</summary>
/// <param name="Layers">Language layers that were loaded.</param>
/// <param name="Failure">What kept it from being measured, in one line; null if nothing did.</param>
internal sealed record ModelResult(StorageType Type, int Layers, BenchmarkResult? Encode, BenchmarkResult? Prefill,
    BenchmarkResult? Decode, string? Failure)
{
    /// <summary>Where the time goes; empty on the processor's own device, whose work has no launches.</summary>
    public IReadOnlyList<JobProfile> Profiles { get; init; } = [];
}

/// <summary>What a <see cref="GpuReport"/> has found so far.</summary>
internal sealed class GpuReportResults
{
    public required GpuReportSizes Sizes { get; init; }

    /// <summary>Whether the figures are a GPU's; else they are a processor's at small sizes.</summary>
    public required bool IsGpu { get; init; }

    public required string Device { get; init; }

    public DateTime Started { get; } = DateTime.UtcNow;

    public TimeSpan Took { get; set; }

    /// <summary>Descriptions of the opened devices, one for each tier.</summary>
    public List<string> Opened { get; } = [];

    public List<CheckResult> Checks { get; } = [];
    public List<KernelResult> Kernels { get; } = [];
    public List<ModelResult> Models { get; } = [];

    /// <summary>What was not measured, and why.</summary>
    public List<string> Skipped { get; } = [];

    /// <summary>Bytes a second, read and written, of a large copy by the driver and by our kernel; 0 as long as not measured.</summary>
    public double DriverCopy { get; set; }

    public double KernelCopy { get; set; }

    /// <summary>The yardstick.</summary>
    public double Copy => Math.Max(DriverCopy, KernelCopy);
}
