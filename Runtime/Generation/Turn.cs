using System.Diagnostics;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>One answer on its way: its prompt is prefilled piece by piece, then it takes an id a step until something stops it.</summary>
/// <remarks>Whoever asks makes it and awaits <see cref="Answer"/>; the rest is the engine's, on its thread.</remarks>
internal sealed class Turn
{
    private readonly TaskCompletionSource<Answer> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly GenerationOptions options;
    private readonly AnswerText output;
    private readonly CancellationToken cancel;
    private readonly List<int> ids = [];
    private readonly int promptLength;
    private readonly long started = Stopwatch.GetTimestamp();
    private CancellationTokenRegistration wake;
    private int kept;
    private long first;

    /// <param name="prompt">Becomes the turn's: the answer's ids are appended to it.</param>
    /// <param name="output">Gives its text to <paramref name="words"/>.</param>
    /// <param name="words">Null where nobody reads the text as it comes.</param>
    /// <exception cref="BadInputException">The prompt leaves no room for an answer.</exception>
    public Turn(ConversationMemory memory, MergedPrompt prompt, GenerationOptions options, AnswerText output, TextFeed? words,
        CancellationToken cancel)
    {
        memory.Require(prompt);
        (Memory, Prompt, this.options, this.output, Words, this.cancel) = (memory, prompt, options, output, words, cancel);
        promptLength = prompt.Length;
    }

    public ConversationMemory Memory { get; }

    public MergedPrompt Prompt { get; }

    public TextFeed? Words { get; }

    /// <summary>The answer, or why there is none.</summary>
    public Task<Answer> Answer => done.Task;

    public bool IsOver => done.Task.IsCompleted;

    public bool IsCancelled => cancel.IsCancellationRequested;

    /// <summary>Whether it takes part in the next step: not while its reader is far behind.</summary>
    public bool IsReady => IsCancelled || Words is not { IsFull: true };

    /// <summary>The newest id, with which the next step begins.</summary>
    public int Last => ids[^1];

    /// <summary>Steps that the answer and the context have room for.</summary>
    public int StepsLeft => Math.Min(options.MaxTokens - ids.Count, Memory.State.Context - Memory.State.Length);

    public void WakeWhenCancelled(Action engine) => wake = cancel.UnsafeRegister(_ => engine(), null);

    /// <summary>Before the first piece.</summary>
    public void Begin()
    {
        Memory.Begin(Prompt);
        kept = Memory.State.Length;
    }

    /// <summary>The whole prompt is in the cache: ids follow.</summary>
    public void BeginAnswer()
    {
        Memory.Holds(Prompt);
        Memory.Row.Begin(options.Sampling, Prompt.History);
    }

    /// <summary>Takes the next id, which may end the answer.</summary>
    public void Take(int id)
    {
        if (first == 0) first = Stopwatch.GetTimestamp();
        if (id == DecodeRow.NoNumber) throw Sampler.NoNumber();
        ids.Add(id);
        if ((output.Add(id) ?? Limit()) is { } stop) End(stop);
        else Prompt.Append(id);
    }

    /// <summary>The answer is complete as it is.</summary>
    public void End(StopReason stop)
    {
        string text = output.Finish();
        if (first == 0) first = Stopwatch.GetTimestamp();
        Complete(() => done.SetResult(new Answer(text, ids, stop)
        {
            PromptPositions = promptLength,
            PrefilledPositions = Math.Min(Memory.State.Length, promptLength) - kept,
            FirstToken = Stopwatch.GetElapsedTime(started, first),
            Generate = Stopwatch.GetElapsedTime(first),
        }));
    }

    /// <summary>There is no answer; nothing of the prompt counts as kept.</summary>
    public void Fail(Exception why)
    {
        Memory.Holds(null);
        Complete(() => done.TrySetException(why));
    }

    /// <summary>Shows the text on this thread as it comes, and waits for the answer.</summary>
    /// <param name="stop">Cancels this turn; done so when <paramref name="text"/> throws.</param>
    public Answer Read(Action<string>? text, CancellationTokenSource stop)
    {
        try
        {
            while (!IsCancelled && Words?.Take() is { } piece) text!(piece);
        }
        catch
        {
            stop.Cancel();
            WaitForEnd();
            throw;
        }
        return Answer.GetAwaiter().GetResult();
    }

    /// <summary>Waits until the engine has done with it, however it ended.</summary>
    public void WaitForEnd() => ((IAsyncResult)Answer).AsyncWaitHandle.WaitOne();

    private StopReason? Limit()
    {
        if (ids.Count >= options.MaxTokens) return StopReason.MaxTokens;
        return Prompt.Length == Memory.State.Context ? StopReason.Context : IsCancelled ? StopReason.Cancelled : null;
    }

    /// <summary>The answer is there before its reader finds the end of the text.</summary>
    private void Complete(Action tell)
    {
        wake.Unregister();
        tell();
        Words?.Complete();
    }
}
