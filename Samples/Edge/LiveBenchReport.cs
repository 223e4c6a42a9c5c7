using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeVideoLlava.Edge.Diagnostics;

namespace EdgeVideoLlava.Edge;

/// <summary>What `edge bench --live` prints.</summary>
internal sealed record LiveBenchReport(string Model, string Device, LiveLoad Load, LiveStages Stages)
{
    /// <summary>Windows that the source makes in a minute.</summary>
    public double Wanted => 60 / Load.Every;

    public void WriteTable(TextWriter output)
    {
        output.WriteLine($"device: {Device}");
        output.WriteLine(Invariant($"source: {Load.Width} x {Load.Height}, {LiveLoad.FramesPerSecond} frames a second, ")
            + Invariant($"a window every {Load.Every:0.##} s, ")
            + Invariant($"{Load.Tokens} tokens an answer, {Load.Windows} windows"));
        output.WriteLine();
        output.WriteLine("| model | stage | ms a window |");
        output.WriteLine("|---|---|---:|");
        foreach ((string name, double seconds) in new[] { ("capture", Stages.Capture), ("preprocess", Stages.Preprocess),
            ("encode", Stages.Encode), ("prefill", Stages.Prefill), ("decode", Stages.Decode) })
            output.WriteLine(Invariant($"| {Model} | {name} | {seconds * 1e3:0.0} |"));
        output.WriteLine();
        output.WriteLine(Invariant($"sustained {Stages.WindowsPerMinute:0.0} windows a minute; the source makes {Wanted:0.0}: ") + Verdict);
    }

    public void WriteJson(TextWriter output) => output.WriteLine(JsonSerializer.Serialize(this, LiveBenchJson.Default.LiveBenchReport));

    private string Verdict => Stages.WindowsPerMinute >= Wanted ? "all are told"
        : Invariant($"{(1 - Stages.WindowsPerMinute / Wanted) * 100:0} % are dropped");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Made at compile time: reflection over the report would cost start-up time.</summary>
[JsonSerializable(typeof(LiveBenchReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class LiveBenchJson : JsonSerializerContext;
