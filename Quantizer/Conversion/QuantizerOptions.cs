using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Quantizer.Compensation;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>How a model is converted.</summary>
public sealed record QuantizerOptions
{
    /// <summary>Of the language model; towers and projector are F16, or F32 where this is F32.</summary>
    public required FileType Type { get; init; }

    /// <summary>Types of matrices by their names in the file, the first match first; all parts of the model.</summary>
    public IReadOnlyList<(Regex Name, StorageType Type)> Overrides { get; init; } = [];

    /// <summary>Goes on where a number is not finite (it becomes 0) and where the model is quantized already.</summary>
    public bool Force { get; init; }

    /// <summary>How much each column of each matrix matters; null: all alike.</summary>
    public ImportanceMatrix? Importance { get; init; }

    /// <summary>Whether there is, or will be, an importance matrix: a few types depend on it.</summary>
    public bool IsWeighted { get => field || Importance != null; init; }

    /// <summary>Positions of the KV cache whose memory a plan tells; null: as many as the model has.</summary>
    public int? Positions { get; init; }

    /// <summary>Linears of the language model are rounded by their outputs on calibration data; null: number by number.</summary>
    internal LayerCalibration? Layers { get; init; }

    /// <summary>Threads; 0: one for each core.</summary>
    public int Threads { get; init; }

    /// <summary>Measures what each tensor loses.</summary>
    public bool Measures { get; init; }
}
