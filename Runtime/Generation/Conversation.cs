using System.Runtime.CompilerServices;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Text.Prompts;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>A dialogue about pictures and clips: each is encoded once, each turn prefills only what is new.</summary>
/// <remarks>
/// Any number of conversations of an assistant answer at once, from any threads; one of them does one thing at a time. A second call
/// meanwhile, or one from inside a callback, is an <see cref="InvalidOperationException"/> and changes nothing. Only
/// <see cref="Dispose"/> may come at any time.
/// </remarks>
public sealed class Conversation : IConversation, IDisposable
{
    private readonly Assistant assistant;
    private readonly PromptTemplate template;
    private readonly Generator generator;
    private readonly OneAtATime turns;
    private readonly List<ChatMessage> messages = [];
    private int asked; // so many of the visuals stand in the messages
    private volatile Turn? running;

    /// <param name="template">Null: llava_v1 for the original layout, the plain USER/ASSISTANT form for -hf.</param>
    internal Conversation(Assistant assistant, PromptTemplate? template)
    {
        this.assistant = assistant;
        this.template = template ?? PromptIds.DefaultTemplate(assistant.Model.Config, assistant.Tokenizer);
        generator = new Generator(assistant.Model, assistant.Tokenizer);
        turns = new OneAtATime(nameof(Conversation), generator.Dispose);
    }

    /// <summary>A conversation that nobody disposes gives its memory back when it is collected, and that is told.</summary>
    ~Conversation() => assistant?.Forgotten(nameof(Conversation), () =>
    {
        if (turns == null) return; // its constructor failed
        End();
        turns.Abandon();
    });

    /// <summary>Questions asked so far.</summary>
    public int Turns => messages.Count / 2;

    /// <summary>Of the last question that was answered; null before the first.</summary>
    public Answer? LastAnswer { get; private set; }

    /// <summary>Reads, encodes and shows a picture or clip with the next question.</summary>
    /// <exception cref="BadInputException">The file is none that can be read.</exception>
    public Shown Show(string path, ShowOptions? options = null, CancellationToken cancel = default)
    {
        using OneAtATime.Visit visit = turns.Enter();
        return Add(assistant.See(path, options ?? ShowOptions.Default, cancel));
    }

    /// <inheritdoc cref="Show(string, ShowOptions?, CancellationToken)"/>
    public Task<Shown> ShowAsync(string path, ShowOptions? options = null, CancellationToken cancel = default)
        => Task.Run(() => Show(path, options, cancel), cancel);

    /// <summary>Shows the picture or clip that a stream holds with the next question.</summary>
    /// <inheritdoc cref="Assistant.SeeAsync" path="/exception"/>
    public async Task<Shown> ShowAsync(Stream content, ShowOptions? options = null, CancellationToken cancel = default)
    {
        using OneAtATime.Visit visit = turns.Enter();
        return Add(await assistant.SeeAsync(content, options, cancel).ConfigureAwait(false));
    }

    /// <summary>Shows what is encoded already with the next question.</summary>
    /// <param name="visual">Held until the conversation ends or is reset, also when others let it go.</param>
    /// <param name="leaveOpen">Whether it stays the caller's too, to be shown to others and disposed by the caller; else it is the
    /// conversation's from now on.</param>
    /// <exception cref="ObjectDisposedException">Everyone who held it has let it go.</exception>
    public void Show(VisionTokens visual, bool leaveOpen = false)
    {
        using OneAtATime.Visit visit = turns.Enter();
        generator.Memory.Hold(visual);
        if (!leaveOpen) visual.Dispose();
    }

    /// <summary>Takes back what was shown since the last question.</summary>
    public void TakeBack()
    {
        using OneAtATime.Visit visit = turns.Enter();
        generator.Memory.LetGo(asked);
    }

    /// <summary>Asks and answers. The turn joins the history unless it fails or is cancelled: then the dialogue stays as it was.</summary>
    /// <param name="text">Receives the answer as it grows, on this thread; what it throws ends the answer.</param>
    /// <exception cref="BadInputException">The dialogue does not fit into the context, or an option is out of range.</exception>
    /// <exception cref="AnswerCancelledException">Cancelled; it holds what had been said.</exception>
    /// <exception cref="InvalidOperationException">The conversation is answering already.</exception>
    /// <exception cref="ObjectDisposedException">It or its assistant has been disposed, perhaps meanwhile.</exception>
    public Answer Ask(string question, GenerationOptions? options = null, Action<string>? text = null, CancellationToken cancel = default)
    {
        using OneAtATime.Visit visit = turns.Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, turns.Closing);
        ChatMessage ask = Question(question);
        Turn turn = Begin(ask, options, text != null, stop.Token);
        return Join(ask, turn.Read(text, stop), cancel);
    }

    /// <summary>Asks and gives the answer as it grows; <see cref="LastAnswer"/> has it whole. Leaving the loop early cancels it.</summary>
    /// <inheritdoc cref="Ask" path="/exception"/>
    public async IAsyncEnumerable<string> AskAsync(string question, GenerationOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using OneAtATime.Visit visit = turns.Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, turns.Closing);
        ChatMessage ask = Question(question);
        Turn turn = Begin(ask, options, withText: true, stop.Token);
        try
        {
            while (!stop.IsCancellationRequested && await turn.Words!.TakeAsync().ConfigureAwait(false) is { } piece) yield return piece;
            Join(ask, await turn.Answer.ConfigureAwait(false), cancel);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)turn.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Adds a turn that was had elsewhere, as if it had been asked and answered here; what was shown goes with it.</summary>
    /// <exception cref="InvalidOperationException">The conversation is answering.</exception>
    public void Recall(string question, string answer)
    {
        using OneAtATime.Visit visit = turns.Enter();
        AddTurn(Question(question), answer);
    }

    /// <summary>How likely the model finds an answer to the next question, which is not asked: mean log-probability of its ids in nats, at
    /// most 0. The dialogue stays as it was; only what the last prompt does not share is prefilled.</summary>
    /// <exception cref="BadInputException">They do not fit into the context.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, or disposed meanwhile.</exception>
    internal double Likelihood(string question, IReadOnlyList<int> ids, CancellationToken cancel = default)
    {
        using OneAtATime.Visit visit = turns.Enter();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel, turns.Closing);
        assistant.ThrowIfDisposed();
        return generator.Score(Prompt(Question(question)), ids, stop.Token);
    }

    /// <summary>Forgets what was asked and answered, not what was shown: that is shown with the next question again, which so is another
    /// first question about it. Only the question is prefilled; what stands before it is in the cache.</summary>
    public void Rewind()
    {
        using OneAtATime.Visit visit = turns.Enter();
        messages.Clear();
        asked = 0;
    }

    /// <summary>Forgets the dialogue and its pictures, keeps what the next one shares with it (the system prompt) in the cache.</summary>
    public void Reset()
    {
        using OneAtATime.Visit visit = turns.Enter();
        messages.Clear();
        asked = 0;
        generator.Memory.LetGo();
    }

    /// <summary>Cancels an answer that is on its way, waits for it, and gives the memory back; at any time, from any thread.</summary>
    public void Dispose()
    {
        End();
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc cref="Dispose"/>
    public async ValueTask DisposeAsync()
    {
        turns.Close();
        if (running is { } turn) await ((Task)turn.Answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.SuppressFinalize(this);
    }

    private void End()
    {
        turns.Close();
        running?.WaitForEnd();
    }

    private Shown Add(Seen seen)
    {
        using VisionTokens tokens = seen.Tokens;
        generator.Memory.Hold(tokens);
        return new Shown(seen.Encode, seen.Notices);
    }

    private ChatMessage Question(string question)
        => new(ChatRole.User, PromptIds.Mark(assistant.Model.Config,
            [.. generator.Memory.Visuals.Skip(asked).Select(VisualShape.Of)], question));

    private Turn Begin(ChatMessage ask, GenerationOptions? options, bool withText, CancellationToken cancel)
    {
        assistant.ThrowIfDisposed();
        return running = generator.Begin(Prompt(ask), options ?? new GenerationOptions(), template.StopString, withText, cancel);
    }

    /// <summary>An answer that nobody cancelled joins the history.</summary>
    private Answer Join(ChatMessage ask, Answer answer, CancellationToken cancel)
    {
        turns.ThrowIfClosed();
        if (cancel.IsCancellationRequested) throw new AnswerCancelledException(answer with { Stop = StopReason.Cancelled }, cancel);
        if (answer.Stop == StopReason.Cancelled) assistant.ThrowIfDisposed();
        AddTurn(ask, answer.Text);
        return LastAnswer = answer;
    }

    private void AddTurn(ChatMessage ask, string answer)
    {
        messages.Add(ask);
        messages.Add(new ChatMessage(ChatRole.Assistant, answer));
        asked = generator.Memory.Visuals.Count;
    }

    /// <summary>The dialogue with a question that an answer is to follow.</summary>
    private MergedPrompt Prompt(ChatMessage ask)
        => PromptIds.Merge(assistant.Model.Config, assistant.Tokenizer,
            template.Render([.. messages, ask, new ChatMessage(ChatRole.Assistant, null)]), generator.Memory.Visuals);
}
