using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime;

/// <summary>What a program asks of an <see cref="Assistant"/>: a seam, so that its tests need no model.</summary>
public interface IAssistant : IAsyncDisposable
{
    /// <inheritdoc cref="Assistant.Start"/>
    IConversation Start(PromptTemplate? template = null);

    /// <inheritdoc cref="Assistant.NarrateAsync"/>
    IAsyncEnumerable<Caption> NarrateAsync(IAsyncEnumerable<Frame> frames, TimeSpan window, TimeSpan? every = null,
        string question = Assistant.Question, GenerationOptions? options = null, CancellationToken cancel = default);
}

/// <summary>What a program asks of a <see cref="Conversation"/>.</summary>
public interface IConversation : IAsyncDisposable
{
    /// <inheritdoc cref="Conversation.Turns"/>
    int Turns { get; }

    /// <inheritdoc cref="Conversation.LastAnswer"/>
    Answer? LastAnswer { get; }

    /// <inheritdoc cref="Conversation.ShowAsync(string, ShowOptions?, CancellationToken)"/>
    Task<Shown> ShowAsync(string path, ShowOptions? options = null, CancellationToken cancel = default);

    /// <inheritdoc cref="Conversation.ShowAsync(Stream, ShowOptions?, CancellationToken)"/>
    Task<Shown> ShowAsync(Stream content, ShowOptions? options = null, CancellationToken cancel = default);

    /// <inheritdoc cref="Conversation.TakeBack"/>
    void TakeBack();

    /// <inheritdoc cref="Conversation.AskAsync"/>
    IAsyncEnumerable<string> AskAsync(string question, GenerationOptions? options = null, CancellationToken cancel = default);

    /// <inheritdoc cref="Conversation.Recall"/>
    void Recall(string question, string answer);

    /// <inheritdoc cref="Conversation.Reset"/>
    void Reset();
}
