using System.Text.Json.Serialization;

namespace EdgeVideoLlava.Edge;

/// <summary>`edge bench --json`.</summary>
/// <param name="PeakFlopPerSecond">Absent on accelerators, as are the bytes.</param>
/// <param name="Profile">Absent where it was not asked for.</param>
internal sealed record BenchJsonReport(string Model, double LanguageParameters, string Device, double? PeakFlopPerSecond,
    double? PeakBytesPerSecond, IReadOnlyList<BenchJsonResult> Results, IReadOnlyList<BenchJsonProfile>? Profile);

/// <param name="Seconds">The mean of the repetitions.</param>
/// <param name="Tokens">Of a repetition; 0 for an encode.</param>
internal sealed record BenchJsonResult(string Test, double Seconds, double DeviationSeconds, double FastestSeconds, int Tokens,
    double Flop, double Bytes);

/// <summary>A kernel of a test.</summary>
internal sealed record BenchJsonProfile(string Job, string Kernel, string Shape, int Launches, double Seconds, double Flop, double Bytes);

/// <summary>Made at compile time: reflection over the report would cost start-up time.</summary>
[JsonSerializable(typeof(BenchJsonReport))]
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class BenchJson : JsonSerializerContext;
