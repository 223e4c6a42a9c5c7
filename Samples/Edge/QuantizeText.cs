using System.Globalization;
using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Edge;

/// <summary>What a conversion made, for people.</summary>
internal static class QuantizeText
{
    /// <param name="time">Null where nothing was written.</param>
    public static void Print(QuantizerReport report, TimeSpan? time, TextWriter output)
    {
        foreach (WrittenFile file in report.Files)
        {
            output.WriteLine($"{file.Name,-24} {Size(file.Bytes),10}  {file.Part}: {Types(file)}");
        }
        string all = $"{Size(report.SourceBytes)} -> {Size(report.Bytes)}";
        output.WriteLine(time is { } taken ? FormattableString.Invariant($"{all} in {taken.TotalSeconds:0.0} s")
            : $"{all}; nothing was written");
        if (report.Memory is { } memory)
        {
            output.WriteLine($"on an accelerator: {Size(memory.Weights)} of weights, {Size(memory.KvCache)} of KV cache for "
                + $"{memory.Positions} tokens (fp16)");
        }
        PrintRounding(report, output);
        foreach (string notice in report.Notices) Notices.Say(notice);
    }

    private static void PrintRounding(QuantizerReport report, TextWriter output)
    {
        OutputReport[] all = [.. report.Files.SelectMany(file => file.Tensors).Select(tensor => tensor.Outputs).OfType<OutputReport>()];
        if (all.Length == 0) return;
        OutputReport[] compensated = [.. all.Where(one => one.Rounding == OutputReport.Compensated)];
        string without = compensated.Length == 0 ? "" : Percent(", {0:0.00%} without", compensated.Average(one => one.OtherError!.Value));
        output.WriteLine($"{compensated.Length} of {all.Length} matrices rounded with error compensation; outputs change by "
            + Percent("{0:0.00%} on average", all.Average(one => one.RelativeError)) + without);
    }

    /// <summary>How many tensors there are of each type; those first that take most room.</summary>
    public static string Types(WrittenFile file) => string.Join(", ", file.Tensors.GroupBy(tensor => tensor.Type)
        .OrderByDescending(group => group.Sum(tensor => tensor.Bytes)).Select(group => $"{group.Count()} {group.Key}"));

    private static string Percent(string format, double share) => string.Format(CultureInfo.InvariantCulture, format, share);

    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.00} GiB"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => FormattableString.Invariant($"{bytes / 1024.0:0.0} KiB"),
    };
}
