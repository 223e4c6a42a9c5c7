using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Quality;

/// <summary>Runs a model over sequences and gives the logits of their last positions.</summary>
internal sealed class ChunkLogits : IDisposable
{
    private readonly VideoLlava model;
    private readonly Matrix logits;

    /// <param name="rows">Positions whose logits are wanted, at most.</param>
    public ChunkLogits(VideoLlava model, int rows)
    {
        this.model = model;
        logits = model.Device.AllocateMatrix(rows, model.Config.Language.Vocabulary);
    }

    public int Vocabulary => logits.Columns;

    /// <summary>Logits of a text's last rows, row by row.</summary>
    public float[] Of(int[] ids, int rows, CancellationToken cancel)
        => Of(MergedPrompt.FromMarkers(ids, [], Vocabulary), rows, cancel);

    /// <inheritdoc cref="Of(int[], int, CancellationToken)"/>
    public float[] Of(MergedPrompt prompt, int rows, CancellationToken cancel)
    {
        using LlamaState state = model.CreateState();
        Matrix wanted = logits.RowRange(0, rows);
        model.Prefill(prompt, state, wanted, cancel: cancel);
        return model.LanguageQueue.Read(wanted);
    }

    public void Dispose() => logits.Buffer.Dispose();
}
