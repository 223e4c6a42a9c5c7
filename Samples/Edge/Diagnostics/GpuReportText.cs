using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>A report as Markdown.</summary>
internal static class GpuReportText
{
    /// <summary>Goals on an H100 or H200: share of the copy's bytes a second, FLOP a second.</summary>
    private const double DecodeShare = 0.45, PrefillFlops = 250e12, EncodeFlops = 150e12;

    /// <summary>Of a job that are named.</summary>
    private const int CostliestKernels = 6;

    public static string Of(GpuReportResults results)
    {
        var text = new StringBuilder();
        DeviceDescription? device = IlgpuDevices.List().FirstOrDefault(device => device.Id == results.Device);
        Head(text, results, device);
        Checks(text, results);
        Copy(text, results, device?.MemoryBandwidth);
        Models(text, results);
        Profiles(text, results);
        foreach (string tier in results.Kernels.Select(kernel => kernel.Tier).Distinct()) Kernels(text, results, tier);
        Line(text, $"## Not measured");
        Line(text, $"");
        string things = $"{results.Skipped.Count} thing{(results.Skipped.Count == 1 ? "" : "s")}:";
        Line(text, $"{(results.Skipped.Count == 0 ? "Nothing was left out." : things)}");
        Line(text, $"");
        foreach (string skipped in results.Skipped) Line(text, $"* {skipped}");
        return text.ToString().TrimEnd() + "\n";
    }

    private static void Head(StringBuilder text, GpuReportResults results, DeviceDescription? device)
    {
        Line(text, $"# {(results.IsGpu ? "GPU report" : "GPU report, tried on a processor")}");
        Line(text, $"");
        if (!results.IsGpu)
            Line(text, $"**{results.Device} is a processor, no GPU.** Small sizes, so that the way through is tested; the figures say ",
                $"nothing about a GPU.");
        if (!results.IsGpu) Line(text, $"");
        if (device != null)
            Line(text, $"* device: {device.Id}, {device.Name}, {device.Kind}; {device.Driver}; {device.Memory >> 20} ",
                $"MiB{(device.Lacks.Count == 0 ? "" : "; without " + string.Join(", ", device.Lacks))}");
        if (device is { Details.Count: > 0 }) Line(text, $"* {string.Join(", ", device.Details)}");
        foreach (string opened in results.Opened) Line(text, $"* opened as: {opened}");
        Line(text, $"* EdgeVideoLlava {typeof(GpuReport).Assembly.GetName().Version!.ToString(3)}; ",
            $"{RuntimeInformation.FrameworkDescription}; {RuntimeInformation.OSDescription}, {RuntimeInformation.RuntimeIdentifier}");
        Line(text, $"* {results.Started:yyyy-MM-dd HH:mm} UTC; took {results.Took.TotalSeconds:0} s");
        Line(text, $"");
    }

    private static void Checks(StringBuilder text, GpuReportResults results)
    {
        int failed = results.Checks.Count(check => check.Failure != null);
        Line(text, $"## Checks against the processor: {results.Checks.Count - failed} passed, {failed} FAILED");
        Line(text, $"");
        if (results.Checks.Count == 0) return;
        string[] tiers = [.. results.Checks.Select(check => check.Tier).Distinct()];
        Line(text, $"| check | {string.Join(" | ", tiers)} |");
        Line(text, $"|---|{string.Concat(tiers.Select(_ => "---|"))}");
        foreach (IGrouping<string, CheckResult> check in results.Checks.GroupBy(check => check.Check))
        {
            IEnumerable<string> verdicts = tiers.Select(tier => Verdict(check.FirstOrDefault(result => result.Tier == tier)));
            Line(text, $"| {check.Key} | {string.Join(" | ", verdicts)} |");
        }
        Line(text, $"");
    }

    private static string Verdict(CheckResult? check)
        => check == null ? "" : check.Failure == null ? "passed" : "FAILED: " + Cell(check.Failure);

    /// <param name="bandwidth">Bytes a second that the memory's clock and bus allow.</param>
    internal static void Copy(StringBuilder text, GpuReportResults results, double? bandwidth)
    {
        Line(text, $"## Large copy, the yardstick");
        Line(text, $"");
        if (results.Copy > 0)
            Line(text, $"{results.Sizes.CopyBytes >> 20} MiB read and as many written: {results.DriverCopy / 1e9:0.0} GB/s by the driver, ",
                $"{results.KernelCopy / 1e9:0.0} GB/s by our kernel. Shares below are of the larger.");
        else Line(text, $"Not measured.");
        if (results.Copy > 0 && bandwidth is { } clocked)
            Line(text, $"The memory's clock allows {clocked / 1e9:0} GB/s: the larger is {results.Copy / clocked:0 %} of it.");
        Line(text, $"");
    }

    private static void Models(StringBuilder text, GpuReportResults results)
    {
        int frames = results.Sizes.Config.ClipFrames, positions = results.Sizes.Positions, all = results.Sizes.Config.Language.Layers;
        Line(text, $"## Whole model of random weights");
        Line(text, $"");
        Line(text, $"Both towers, projector, {all} language layers where they fit; the language model's linears in the type named, all ",
            $"else F16. First token: encode and prefill, measured apart. Decode: {results.Sizes.Tokens} tokens after {positions} ",
            $"positions, greedy; its bytes are weights and KV cache.");
        Line(text, $"");
        if (results.Models.Count == 0) return;
        Line(text, $"| linears | layers | encode {frames} frames | TFLOP/s (goal 150) | prefill {positions} | TFLOP/s (goal 250) | first ",
            $"token | decode | GB/s | of the copy (goal 45 %) |");
        Line(text, $"|---|---|---|---|---|---|---|---|---|---|");
        foreach (ModelResult model in results.Models)
        {
            string encode = Rate(model.Encode, EncodeFlops, results.IsGpu), prefill = Rate(model.Prefill, PrefillFlops, results.IsGpu);
            string layers = model.Layers == all ? $"all {all}" : $"{model.Layers} of {all}{(model.Layers > 0 ? ", no more fit" : "")}";
            Line(text, $"| {model.Type} | {layers} | {Milliseconds(model.Encode?.Mean)} | {encode} | {Milliseconds(model.Prefill?.Mean)} ",
                $"| {prefill} | {Milliseconds(model.Encode?.Mean + model.Prefill?.Mean)} | {Decode(model.Decode, results)} ",
                $"|{(model.Failure == null ? "" : $" {Cell(model.Failure)}")}");
        }
        Line(text, $"");
    }

    /// <summary>What to look at where a goal is missed, and of interest where none is.</summary>
    private static void Profiles(StringBuilder text, GpuReportResults results)
    {
        foreach (ModelResult model in results.Models.Where(model => model.Profiles.Count > 0))
        {
            Line(text, $"### Costliest kernels, {model.Type} linears");
            Line(text, $"");
            Line(text, $"{ProfileTable.Legend}");
            Line(text, $"");
            text.Append(ProfileTable.Of(model.Profiles, CostliestKernels)).Append('\n');
        }
    }

    private static string Decode(BenchmarkResult? decode, GpuReportResults results)
    {
        if (decode == null) return "- | - | -";
        double rate = decode.Bytes / decode.Mean, share = results.Copy > 0 ? rate / results.Copy : 0;
        return Invariant(
            $"{decode.Items / decode.Mean:0.0} tokens/s | {rate / 1e9:0.0} | {share:0 %}{Goal(share, DecodeShare, results.IsGpu)}");
    }

    private static string Rate(BenchmarkResult? result, double goal, bool isGpu)
        => result == null ? "-" : Invariant($"{result.Flop / result.Mean / 1e12:0.0##}{Goal(result.Flop / result.Mean, goal, isGpu)}");

    /// <summary>Whether it is met is said of GPUs only.</summary>
    private static string Goal(double value, double goal, bool isGpu) => !isGpu ? "" : value >= goal ? ", met" : ", not met";

    private static void Kernels(StringBuilder text, GpuReportResults results, string tier)
    {
        Line(text, $"## Kernels, {tier}");
        Line(text, $"");
        Line(text, $"Median of 5 batches of launches. Bytes: every operand once; FLOP: products only. Weights and KV caches take turns, ",
            $"so that they come from memory; activations may come from a cache, as in the model.");
        Line(text, $"");
        Line(text, $"| operation | weight | shape | µs | MB | GFLOP | GB/s | of the copy | TFLOP/s |");
        Line(text, $"|---|---|---|---|---|---|---|---|---|");
        foreach (KernelResult kernel in results.Kernels.Where(kernel => kernel.Tier == tier))
        {
            KernelWork work = kernel.Work;
            string measured = kernel.Seconds is { } seconds
                ? Invariant($"{seconds * 1e6:0.0} | {work.Cost.Bytes / 1e6:0.00} | {work.Cost.Flop / 1e9:0.00} | ")
                    + Invariant($"{work.Cost.Bytes / seconds / 1e9:0.0} | ")
                    + Invariant($"{(results.Copy > 0 ? work.Cost.Bytes / seconds / results.Copy : 0):0 %} | ")
                    + Invariant($"{work.Cost.Flop / seconds / 1e12:0.0##}")
                : $"FAILED: {Cell(kernel.Failure ?? "")} | | | | |";
            Line(text, $"| {work.Operation} | {work.Weight?.ToString() ?? "-"} | {work.Shape} | {measured} |");
        }
        Line(text, $"");
    }

    private static string Milliseconds(double? seconds) => seconds is { } value ? Invariant($"{value * 1e3:0.0} ms") : "-";

    private static string Cell(string text) => text.Replace("|", "/").ReplaceLineEndings(" ");

    private static void Line(StringBuilder text, params FormattableString[] parts)
    {
        foreach (FormattableString part in parts) text.Append(Invariant(part));
        text.Append('\n');
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
