using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer;

/// <summary>The forward pass of one sample with all that a backward needs: what is read again on the way back, stage by stage.</summary>
/// <remarks>
/// Activations are in the arena's scope that the pass is made in; leave it after the backward. The pass owns the features, the
/// tokens and the conversation with its keys and values.
/// </remarks>
internal sealed class TrainingPass : IDisposable
{
    private readonly VideoLlava model;
    private readonly LlamaBatch batch;

    /// <param name="arena">For this alone, not the scratch of a model; its matrices are used by both queues of the model.</param>
    /// <param name="towers">Whether the towers are trained, too; else only what they see is kept.</param>
    /// <param name="recompute">Layers share their activations; a backward computes each layer's again.</param>
    /// <exception cref="BadInputException">Markers and visuals do not match, or the sample does not fit into the context.</exception>
    internal TrainingPass(VideoLlava model, TrainingSample sample, Arena arena, bool towers = false, bool recompute = false)
    {
        (this.model, batch, State) = (model, new LlamaBatch(model.Device), model.CreateState());
        List<Visual> visuals = [];
        Visuals = visuals;
        try
        {
            foreach (PixelValues pixels in sample.Visuals) visuals.Add(See(pixels, arena, towers, recompute));
            Prompt = sample.Merge(model, [.. visuals.Select(visual => visual.Tokens)]);
            Labels = PaddedBatch.Expand(Prompt, sample.Ids, sample.Labels);
            Tape = new LlamaTape(arena, model.Config.Language, Prompt.Length, recompute, model.Language.Weights.Lora);
            Prompt.Embed(model.LanguageQueue, model.Language, 0, Prompt.Length, Tape.Hidden[0]);
            batch.Add(State, Prompt.Length);
            model.Language.Forward(model.LanguageQueue, batch, Tape);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A picture or clip on its way to the prompt.</summary>
    /// <param name="Tower">Null where the towers are not trained.</param>
    internal sealed record Visual(VisionTape? Tower, VisionFeatures Features, ProjectorActivations Projector, VisionTokens Tokens);

    /// <summary>In the order of the sample's.</summary>
    internal IReadOnlyList<Visual> Visuals { get; }

    /// <summary>T positions; says which row came from where.</summary>
    internal MergedPrompt Prompt { get; }

    /// <summary>(T): −100 where nothing is learned.</summary>
    public int[] Labels { get; }

    /// <summary>The keys and values of the T positions.</summary>
    internal LlamaState State { get; }

    internal LlamaTape Tape { get; }

    /// <summary>Σ −log p of the next labels, in nats; position t predicts label t + 1.</summary>
    /// <param name="factor">What the sum is multiplied with before its gradient is taken.</param>
    /// <param name="dNorm">(T, D): the gradient at the last norm's result; null where only the loss is wanted.</param>
    public double Loss(Arena arena, float factor, LlamaGradients gradients, Matrix? dNorm)
        => model.Language.Loss(model.LanguageQueue, Tape, [.. Labels.Skip(1), CrossEntropy.Ignored], factor, arena, dNorm, gradients.Head);

    /// <summary>From the gradient at the last norm's result to all that learns.</summary>
    /// <param name="d">(T, D): afterwards the gradient of the embeddings.</param>
    public void Backward(Arena arena, Trainable trainable, Matrix d)
    {
        ComputeQueue queue = model.LanguageQueue;
        model.Language.Backward(queue, batch, Tape, arena, trainable.Language, d);
        var tokens = Visuals.ToDictionary(visual => visual.Tokens, visual => Cleared(arena, visual.Tokens.Rows));
        foreach (PromptRun run in Prompt.Runs(0, Prompt.Length))
        {
            Matrix rows = d.RowRange(run.Start, run.Count);
            if (run.Visual == null) Words(run, rows, trainable.Language.Embedding);
            else
            {
                Matrix target = tokens[run.Visual].RowRange(run.Row, run.Count);
                AddRows.Run(queue, target, rows, 1, target);
            }
        }
        foreach (Visual visual in Visuals)
            model.Projector.Backward(queue, visual.Features.Rows, visual.Projector, arena, trainable.Projector, tokens[visual.Tokens]);
    }

    private Matrix Cleared(Arena arena, Matrix like)
    {
        Matrix zeros = arena.Take(like.Rows, like.Columns);
        Fill.Run(model.LanguageQueue, zeros, 0);
        return zeros;
    }

    private void Words(PromptRun run, Matrix rows, Matrix? dTable)
    {
        if (dTable is not { } table) return;
        IntVector ids = model.Device.AllocateInts(run.Count);
        using DeviceBuffer memory = ids.Buffer;
        model.LanguageQueue.Write([.. Prompt.Ids.Skip(run.Start).Take(run.Count)], ids);
        EmbeddingGather.Backward(model.LanguageQueue, rows, ids, table, model.Config.Language.PaddingId ?? -1);
    }

    /// <summary>Computes a layer's activations again, into those that all layers share.</summary>
    public void Recompute(int layer) => model.Language.Layer(model.LanguageQueue, batch, Tape, layer);

    public void Dispose()
    {
        foreach (Visual visual in Visuals)
        {
            visual.Tokens.Dispose();
            visual.Features.Dispose();
        }
        batch.Dispose();
        State.Dispose();
    }

    private Visual See(PixelValues pixels, Arena arena, bool towers, bool recompute)
    {
        VisionTower tower = model.Tower(pixels.IsClip);
        VisionTape? tape = towers ? new VisionTape(arena, tower.Config, pixels.Frames, recompute: recompute) : null;
        VisionFeatures features = tape == null ? model.See(pixels) : tower.Encode(model.VisionQueue, pixels, tape);
        ProjectorActivations projector = ProjectorActivations.TakeForBackward(arena, model.Projector, features.Rows.Rows);
        return new Visual(tape, features, projector, model.Projector.Forward(model.VisionQueue, features, projector));
    }
}
