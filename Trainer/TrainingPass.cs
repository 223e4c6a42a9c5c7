using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;

namespace EdgeVideoLlava.Trainer;

/// <summary>The forward pass of one sample with all that a backward needs: what is read again on the way back, stage by stage.</summary>
/// <remarks>
/// Activations and logits are in the arena's scope that the pass is made in; leave it after the backward. The pass owns the features, the
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
            Tape = new LlamaTape(arena, model.Config.Language, Prompt.Length, recompute);
            Prompt.Embed(model.LanguageQueue, model.Language, 0, Prompt.Length, Tape.Hidden[0]);
            batch.Add(State, Prompt.Length);
            model.Language.Forward(model.LanguageQueue, batch, Tape);
            Logits = arena.Take(Prompt.Length, model.Config.Language.Vocabulary);
            model.Language.Logits(model.LanguageQueue, Tape, Logits);
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

    /// <summary>(T, V)</summary>
    internal Matrix Logits { get; }

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
