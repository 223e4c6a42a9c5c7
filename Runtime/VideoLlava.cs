using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Vision;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Runtime;

/// <summary>Video-LLaVA, whole: f_V sees, f_P projects into the word space, f_L answers (Lin et al., arXiv:2311.10122).</summary>
/// <remarks>
/// The model itself, for traces, measurements and training; <see cref="Assistant"/> is the door for everybody else. <see cref="Encode"/>
/// and the language part each have a queue and scratch of their own, so that one thread may encode the next clip while another generates;
/// each of the two is used by one thread at a time.
/// </remarks>
internal sealed class VideoLlava : IDisposable
{
    /// <summary>Conversations of a decode step at most.</summary>
    public const int DecodeRows = 8;

    /// <summary>Positions of a piece of a prefill: large enough for full speed, small enough to be cancelled and to
    /// bound the scratch.</summary>
    internal const int PrefillRows = 512;

    private readonly ModelParts parts;

    private VideoLlava(ModelParts parts)
    {
        this.parts = parts;
        Engine = new LanguageEngine(this);
    }

    public VideoLlavaConfig Config => parts.Config;
    public ComputeDevice Device => parts.Device;
    public Llama Language => parts.Language;
    public MlpProjector Projector => parts.Projector;

    /// <summary>Bytes of the video tower's weights that equal the image tower's and are in memory once.</summary>
    public long SharedBytes => parts.SharedBytes;

    /// <summary>Opens a checkpoint folder on a device. The files stay mapped while the model lives.</summary>
    /// <exception cref="BadInputException">The folder is not a complete checkpoint of a supported kind.</exception>
    /// <exception cref="DeviceFailedException">Too little memory.</exception>
    public static VideoLlava Load(string folder, ComputeDevice device, LoadOptions? options = null, IProgress<double>? progress = null,
        CancellationToken cancel = default)
        => new(ModelParts.Load(folder, device, options ?? new LoadOptions(), progress, cancel));

    /// <summary>Random weights of the real model's shapes, for measuring (<see cref="SyntheticCheckpoint"/>).</summary>
    public static VideoLlava Synthetic(VideoLlavaConfig config, StorageType type, ComputeDevice device, LoadOptions? options = null,
        CancellationToken cancel = default)
        => new(ModelParts.Load(SyntheticCheckpoint.Create(config, type, sharedMemory: device is not CpuDevice), config, device, options
        ?? new LoadOptions(), null, cancel));

    /// <summary>f_P(f_V(pixels)): a picture or clip to the rows that stand for it in a prompt.</summary>
    /// <remarks>Given to <see cref="VisionQueue"/> and not waited for: <see cref="Prefill"/> makes its own queue wait for them.</remarks>
    public VisionTokens Encode(PixelValues pixels, StageTrace? trace = null, CancellationToken cancel = default)
    {
        using VisionFeatures features = See(pixels, trace, cancel);
        return Project(features, trace);
    }

    /// <summary>f_V alone: features, the caller's to keep and to dispose.</summary>
    public VisionFeatures See(PixelValues pixels, StageTrace? trace = null, CancellationToken cancel = default)
    {
        string kind = Kind(pixels.IsClip);
        VisionFeatures features = Tower(pixels.IsClip).Encode(VisionQueue, pixels, parts.VisionArena, trace?.Within($"{kind}_tower"),
            cancel);
        trace?.Record($"{kind}_features", features.Rows);
        return features;
    }

    /// <summary>f_P alone; the features stay the caller's.</summary>
    public VisionTokens Project(VisionFeatures features, StageTrace? trace = null)
    {
        Arena arena = parts.VisionArena;
        using Arena.Scope scope = arena.Begin();
        VisionTokens tokens = Projector.Forward(VisionQueue, features, ProjectorActivations.Take(arena, Projector, features.Rows.Rows));
        trace?.Record($"{Kind(features.IsClip)}_projected", tokens.Rows);
        return tokens;
    }

    /// <summary>The tower of clips, or of pictures.</summary>
    public VisionTower Tower(bool ofClips) => ofClips ? parts.VideoTower : parts.ImageTower;

    private static string Kind(bool isClip) => isClip ? "video" : "image";

    /// <summary>f_L over what of a prompt the state does not hold yet; with a trace in one piece, else in pieces
    /// between which it can be cancelled.</summary>
    /// <param name="logits">(count of the last rows wanted, V): at most those that are new.</param>
    /// <exception cref="BadInputException">The prompt does not fit into the context; the state stays as it was.</exception>
    public void Prefill(MergedPrompt prompt, LlamaState state, Matrix logits, StageTrace? trace = null, CancellationToken cancel = default)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(logits.Rows, prompt.Length - state.Length);
        state.Require(prompt.Length - state.Length);
        do cancel.ThrowIfCancellationRequested();
        while (!PrefillPiece(prompt, state, logits, trace));
    }

    /// <summary>The next piece of <see cref="Prefill"/>; true after the last one, when the logits are there.</summary>
    internal bool PrefillPiece(MergedPrompt prompt, LlamaState state, Matrix logits, StageTrace? trace = null)
    {
        int left = prompt.Length - state.Length;
        bool isLast = trace != null || left <= Math.Max(PrefillRows, logits.Rows);
        if (isLast) Continue(prompt, state, left, logits, trace);
        else Continue(prompt, state, Math.Min(PrefillRows, left - logits.Rows), logits.RowRange(0, 0), null);
        return isLast;
    }

    /// <summary>One decode step: the next id of each of 1 to 8 different conversations to logits (conversations, V).</summary>
    /// <exception cref="BadInputException">A conversation's context is full; no state has changed.</exception>
    public void Decode(ReadOnlySpan<LlamaState> states, IntVector ids, Matrix logits)
    {
        ArgumentOutOfRangeException.ThrowIfZero(states.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(states.Length, DecodeRows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(ids.Length, states.Length);
        parts.Batch.Clear();
        foreach (LlamaState state in states) parts.Batch.Add(state, 1);
        parts.Batch.Begin(LanguageQueue);
        Step(parts.Batch, ids, logits);
        parts.Batch.End();
    }

    /// <summary>The body of every decode step: work of the device alone, which can be recorded. Room and positions
    /// are there already.</summary>
    internal void Step(LlamaBatch batch, IntVector ids, Matrix logits)
    {
        Arena arena = parts.LanguageArena;
        using Arena.Scope scope = arena.Begin();
        Matrix embeddings = arena.Take(ids.Length, Config.Language.Hidden), hidden = arena.Take(ids.Length, Config.Language.Hidden);
        Language.Embed(LanguageQueue, ids, embeddings);
        Language.Layers(LanguageQueue, embeddings, batch, arena, hidden);
        Language.Logits(LanguageQueue, hidden, arena, logits);
    }

    /// <summary>Answers for any number of threads; while it does, nobody else uses the language part.</summary>
    internal LanguageEngine Engine { get; }

    public LlamaState CreateState() => Language.CreateState(Device);

    /// <summary>The queue of the language part, to write ids to and read logits from.</summary>
    public ComputeQueue LanguageQueue => parts.LanguageQueue;

    /// <summary>Scratch of the language part.</summary>
    internal Arena LanguageArena => parts.LanguageArena;

    /// <summary>The queue of the towers and the projector.</summary>
    public ComputeQueue VisionQueue => parts.VisionQueue;

    public void Dispose()
    {
        Engine.Dispose();
        parts.Dispose();
    }

    /// <summary>The next count positions of a prompt; logits of the last rows, none if it has none.</summary>
    private void Continue(MergedPrompt prompt, LlamaState state, int count, Matrix logits, StageTrace? trace)
    {
        ComputeQueue queue = parts.LanguageQueue;
        Arena arena = parts.LanguageArena;
        using Arena.Scope scope = arena.Begin();
        Matrix embeddings = arena.Take(count, Config.Language.Hidden), hidden = arena.Take(count, Config.Language.Hidden);
        prompt.Embed(queue, Language, state.Length, count, embeddings);
        trace?.Record("inputs_embeds", embeddings);
        parts.Batch.Clear();
        parts.Batch.Add(state, count);
        Language.Forward(queue, embeddings, parts.Batch, arena, hidden, trace);
        if (logits.Rows > 0) Language.Logits(queue, hidden.RowRange(count - logits.Rows, logits.Rows), arena, logits, trace);
    }
}
