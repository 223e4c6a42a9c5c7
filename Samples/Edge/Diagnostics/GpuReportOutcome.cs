namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>A finished <see cref="GpuReport"/>.</summary>
/// <param name="Markdown">All of it.</param>
/// <param name="FailedChecks">Checks in which the device disagreed with the processor, or failed.</param>
public sealed record GpuReportOutcome(string Markdown, int FailedChecks);
