using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>What a conversation has on the device: its KV cache, how its ids are chosen, its pictures and clips.</summary>
/// <remarks>While a turn runs, the cache is the engine's, on its thread.</remarks>
internal sealed class ConversationMemory : IDisposable
{
    private readonly Lock gate = new();
    private MergedPrompt? held; // what the state holds
    private bool isDisposed;

    /// <param name="candidates">Ids from here on are never chosen.</param>
    public ConversationMemory(VideoLlava model, int candidates)
    {
        State = model.CreateState();
        Row = new DecodeRow(model, State, candidates);
    }

    public LlamaState State { get; }
    public DecodeRow Row { get; }

    /// <summary>Shown so far; each is held here, whoever else lets it go.</summary>
    public IReadOnlyList<VisionTokens> Visuals { get; private set; } = [];

    /// <exception cref="BadInputException">The prompt leaves no room for an answer.</exception>
    public void Require(MergedPrompt prompt)
    {
        if (prompt.Length < State.Context) return;
        throw new BadInputException($"the prompt takes {prompt.Length} positions, the model has {State.Context}: "
            + $"{prompt.Length - State.Context + 1} too many with one left for the answer; use fewer pictures or turns");
    }

    /// <summary>Forgets what the prompt does not share with the last one. Until <see cref="Holds"/>, nothing counts as kept.</summary>
    /// <param name="wanted">Positions at its end whose logits are needed: they are computed again even if nothing is new.</param>
    public void Begin(MergedPrompt prompt, int wanted = 1)
    {
        State.Truncate(held == null ? 0 : Math.Min(prompt.CommonPrefix(held), prompt.Length - wanted));
        held = null;
    }

    /// <summary>The state holds this prompt, and what is appended to it as steps are taken; null: nothing that counts.</summary>
    public void Holds(MergedPrompt? prompt) => held = prompt;

    /// <summary>Holds one more picture or clip.</summary>
    /// <exception cref="ObjectDisposedException">Everyone who held it has let it go.</exception>
    public void Hold(VisionTokens visual)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            visual.Hold();
            Visuals = [.. Visuals, visual];
        }
    }

    /// <summary>Lets pictures and clips go from one on.</summary>
    public void LetGo(int from = 0)
    {
        lock (gate)
        {
            foreach (VisionTokens visual in Visuals.Skip(from)) visual.LetGo();
            Visuals = [.. Visuals.Take(from)];
        }
    }

    public void Dispose()
    {
        lock (gate) isDisposed = true;
        LetGo();
        Row.Dispose();
        State.Dispose();
    }
}
