namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>How far a conversion is.</summary>
/// <param name="Tensor">Name of the tensor at work.</param>
/// <param name="Done">Share of all numbers, 0 to 1.</param>
public readonly record struct QuantizerProgress(string Tensor, double Done);

/// <summary>What a conversion makes, or made.</summary>
/// <param name="Model">As given.</param>
/// <param name="Type">Of the language model's file.</param>
/// <param name="SourceBytes">Of the model's tensors as they are stored now.</param>
/// <param name="Files">Those written.</param>
/// <param name="Notices">What a user should know.</param>
public sealed record QuantizerReport(
    string Model, string Type, long SourceBytes, IReadOnlyList<WrittenFile> Files, IReadOnlyList<string> Notices)
{
    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);

    /// <summary>What the model will take of an accelerator's memory; null where it was written.</summary>
    public DeviceMemory? Memory { get; init; }
}

/// <summary>A file of a converted model.</summary>
/// <param name="Name">In its folder.</param>
/// <param name="Part">What it holds.</param>
/// <param name="Bytes">On disk.</param>
/// <param name="Sha256">Of all bytes; null where nothing was written.</param>
/// <param name="Tensors">In their order.</param>
public sealed record WrittenFile(string Name, string Part, long Bytes, string? Sha256, IReadOnlyList<WrittenTensor> Tensors);

/// <summary>A tensor of a converted model.</summary>
/// <param name="Name">In the file.</param>
/// <param name="From">Its type before.</param>
/// <param name="Type">Its type now.</param>
/// <param name="Shape">Outermost first.</param>
/// <param name="Bytes">In the file.</param>
/// <param name="RelativeError">Root mean square of the error over that of the numbers; null where it was not measured.</param>
/// <param name="WorstBlock">The same of the worst 32 neighbours, over the tensor's root mean square.</param>
/// <param name="Cosine">Of the angle between the tensor and what is kept of it.</param>
public sealed record WrittenTensor(string Name, string From, string Type, IReadOnlyList<long> Shape, long Bytes, double? RelativeError,
    double? WorstBlock, double? Cosine)
{
    /// <summary>What its outputs on calibration data lose; null where there was none.</summary>
    public OutputReport? Outputs { get; init; }
}

/// <summary>What a matrix's outputs on calibration data lose by rounding it.</summary>
/// <param name="Rounding">"compensated", or "weighted": every number by itself, by its importance.</param>
/// <param name="RelativeError">Root mean square of what changed, over that of the outputs.</param>
/// <param name="OtherError">The same, had it been rounded the other way; null where that was not tried.</param>
/// <param name="Cosine">Of the angle between the outputs before and after.</param>
public sealed record OutputReport(string Rounding, double RelativeError, double? OtherError, double Cosine)
{
    /// <summary>The two values of <see cref="Rounding"/>.</summary>
    public const string Compensated = "compensated", Weighted = "weighted";
}
