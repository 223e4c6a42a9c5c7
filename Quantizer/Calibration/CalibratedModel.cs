using EdgeVideoLlava.Quantizer.Compensation;
using EdgeVideoLlava.Runtime;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>Calibration data.</summary>
/// <param name="Paths">Pictures, clips and texts.</param>
/// <param name="ChunkLength">Tokens of a text's chunk.</param>
/// <param name="Chunks">Of each text, at most.</param>
internal sealed record CalibrationFiles(IReadOnlyList<string> Paths, int ChunkLength, int Chunks);

/// <summary>What calibration has found out about a model, and what is needed to go on with it layer by layer.</summary>
internal sealed class CalibratedModel : IDisposable
{
    private readonly CalibrationInputs? inputs;
    private readonly IDisposable owner;

    private CalibratedModel(ImportanceMatrix importance, LayerCalibration? layers, IDisposable owner)
        => (Importance, Layers, inputs, this.owner) = (importance, layers, layers?.Inputs, owner);

    public ImportanceMatrix Importance { get; }

    /// <summary>Null where the model is not rounded layer by layer.</summary>
    public LayerCalibration? Layers { get; }

    /// <summary>Sequences that were run; rounding layer by layer keeps as many of them as there is room for.</summary>
    public int Sequences { get; private init; }

    /// <param name="byLayers">Whether the prompts are kept for rounding layer by layer.</param>
    /// <param name="compensates">Whether errors are made up for then.</param>
    /// <param name="owner">Of the assistant; disposed with what is returned.</param>
    /// <param name="progress">Told the file and how many sequences have been run.</param>
    public static CalibratedModel Collect(Assistant assistant, CalibrationFiles files, bool byLayers, bool compensates, IDisposable owner,
        Action<string, int>? progress, CancellationToken cancel)
    {
        var collector = new ImportanceCollector(assistant.Model);
        CalibrationInputs? inputs = byLayers ? new CalibrationInputs(assistant.Model) : null;
        int sequences = 0;
        try
        {
            Calibration.Each(assistant, files, prompt =>
            {
                collector.Add(prompt, cancel);
                inputs?.Add(prompt);
                sequences++;
            }, progress, cancel);
        }
        catch
        {
            inputs?.Dispose();
            throw;
        }
        return new CalibratedModel(collector.Matrix(string.Join(", ", files.Paths.Select(Path.GetFileName))),
            inputs == null ? null : new LayerCalibration(assistant.Model, inputs, compensates), owner)
        { Sequences = sequences };
    }

    public void Dispose()
    {
        inputs?.Dispose();
        owner.Dispose();
    }
}
