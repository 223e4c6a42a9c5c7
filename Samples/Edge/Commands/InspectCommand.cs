using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Quantizer;

namespace EdgeVideoLlava.Edge.Commands;

/// <summary>edge inspect: what is in a checkpoint, and what it needs.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var path = new Argument<string>("DIR|FILE") { Description = "A checkpoint's folder, a GGUF file, or one safetensors file." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object, with every tensor." };
        var command = new Command("inspect",
            "Show which kind of model a checkpoint is and why, its tensors, and the memory it needs.") { path, json };
        command.SetAction((parsed, _) =>
        {
            CheckpointReport report = CheckpointInspector.Inspect(parsed.GetRequiredValue(path));
            if (parsed.GetValue(json)) Console.WriteLine(JsonSerializer.Serialize(report, InspectJson.Readable.CheckpointReport));
            else Print(report, Console.Out);
            return Task.FromResult(ExitCodes.Ok);
        });
        return command;
    }

    private static void Print(CheckpointReport report, TextWriter output)
    {
        output.WriteLine($"{report.Path}, {Size(report.FileBytes)} on disk");
        if (report.Variant != null)
            output.WriteLine(report.Variant == "text" ? $"LLaMA, text only: {report.Why}"
                : $"Video-LLaVA, {report.Variant} layout: {report.Why}");
        foreach (SizeEntry size in report.Sizes) output.WriteLine($"  {size.Name,-15} {size.Value}");
        output.WriteLine();
        output.WriteLine($"{"tensors",-17} {"count",6} {"parameters",14} {"size",10}  types");
        foreach (TensorGroup group in report.Groups)
            output.WriteLine(
                FormattableString.Invariant(
                    $"  {group.Name,-15} {group.Tensors,6} {group.Parameters,14:#,0} {Size(group.Bytes),10}  {group.Types}"));
        if (report.Variant == null)
        {
            foreach (TensorEntry tensor in report.Tensors)
                output.WriteLine($"  {tensor.Name} {tensor.Type} [{string.Join(", ", tensor.Shape)}]");
        }
        if (report.Memory.Count > 0)
            output.WriteLine(
                $"{Environment.NewLine}memory needed             {"weights",10} {"KV cache at full context",26} "
                + $"{"with --kv-cache int8",22}");
        foreach (MemoryEntry entry in report.Memory)
            output.WriteLine(
                $"  {entry.Device + ", " + entry.Type,-23} {Size(entry.Weights),10} {Size(entry.KvCache),26} {Size(entry.KvCacheInt8),22}");
        if (report.Ignored.Count > 0)
            output.WriteLine($"{Environment.NewLine}ignored on purpose: {report.Ignored.Count} buffers, such as {report.Ignored[0]}");
        foreach (string notice in report.Notices) output.WriteLine($"notice: {notice}");
    }

    private static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => FormattableString.Invariant($"{bytes / (double)(1L << 30):0.0} GiB"),
        >= 1L << 20 => FormattableString.Invariant($"{bytes / (double)(1L << 20):0.0} MiB"),
        _ => FormattableString.Invariant($"{bytes / 1024.0:0.0} KiB"),
    };
}

/// <summary>Made at compile time: reflection over the report would cost start-up time.</summary>
[JsonSerializable(typeof(CheckpointReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class InspectJson : JsonSerializerContext
{
    public static InspectJson Readable
        => new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
