using System.Globalization;
using System.Text.Json;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Cpu;

namespace EdgeVideoLlava.Edge;

/// <summary>What `edge bench` prints: llama-bench's table with the share of the machine's peaks beside it, or the same as JSON.</summary>
internal sealed record BenchReport(string Model, double LanguageParameters, string Device, MachinePeaks? Peaks,
    IReadOnlyList<BenchmarkResult> Results)
{
    private const int CostliestKernels = 10;

    /// <summary>Where the time goes; empty if not asked for.</summary>
    public IReadOnlyList<JobProfile> Profiles { get; init; } = [];

    public void WriteTable(TextWriter output)
    {
        output.WriteLine($"device: {Device}");
        if (Peaks != null)
            output.WriteLine(
                Invariant($"measured peaks: {Peaks.FlopsPerSecond / 1e9:0} GFLOP/s (FMA), ")
                + Invariant($"{Peaks.ReadBytesPerSecond / 1e9:0.0} GB/s (reading)"));
        output.WriteLine();
        output.WriteLine("| model | language parameters | test | ms | tokens/s | reached | of the peak |");
        output.WriteLine("|---|---:|---|---:|---:|---:|---:|");
        foreach (BenchmarkResult result in Results)
        {
            string perSecond = result.Items > 1
                ? Invariant($"{result.Items / result.Mean:0.00} ± {result.Items / result.Mean * result.Deviation / result.Mean:0.00}") : "";
            output.WriteLine(
                Invariant($"| {Model} | {LanguageParameters / 1e6:0.0} M | {result.Test} | {result.Mean * 1e3:0.0} ± ")
                + Invariant($"{result.Deviation * 1e3:0.0} | {perSecond} | {Reached(result)} | {Share(result)} |"));
        }
        if (Profiles.Count == 0) return;
        output.WriteLine();
        output.WriteLine(ProfileTable.Legend);
        output.WriteLine();
        output.Write(ProfileTable.Of(Profiles, CostliestKernels));
    }

    public void WriteJson(TextWriter output)
    {
        BenchJsonProfile[] profile = [.. from job in Profiles
                                         from kernel in job.Kernels
                                         select new BenchJsonProfile(job.Job, kernel.Kernel, kernel.Shape, kernel.Launches,
                                             kernel.Seconds, kernel.Flop, kernel.Bytes)];
        var report = new BenchJsonReport(Model, LanguageParameters, Device, Peaks?.FlopsPerSecond, Peaks?.ReadBytesPerSecond,
            [.. Results.Select(result => new BenchJsonResult(result.Test, result.Mean, result.Deviation, result.Fastest,
                result.Items > 1 ? result.Items : 0, result.Flop, result.Bytes))],
            profile.Length > 0 ? profile : null);
        output.WriteLine(JsonSerializer.Serialize(report, BenchJson.Default.BenchJsonReport));
    }

    private static string Reached(BenchmarkResult result)
        => result.Flop > 0 ? Invariant($"{result.Flop / result.Mean / 1e9:0.0} GFLOP/s")
        : Invariant($"{result.Bytes / result.Mean / 1e9:0.0} GB/s");

    private string Share(BenchmarkResult result)
    {
        if (Peaks == null) return "";
        double share = result.Flop > 0 ? result.Flop / result.Mean / Peaks.FlopsPerSecond
            : result.Bytes / result.Mean / Peaks.ReadBytesPerSecond;
        return Invariant($"{share:0 %}");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
