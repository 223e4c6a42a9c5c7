using System.Diagnostics;
using System.Threading.Channels;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Says for each window what happens in it. The next window is read and encoded while the last is put into words.</summary>
/// <remarks>Several questions about a window are forks: the prompt up to the window's last row is prefilled once.</remarks>
/// <param name="events">Told, on the narrator's thread, of each trigger that fires; null: nobody is.</param>
internal sealed class Narrator(Assistant assistant, NarrationOptions options, Action<LiveEvent>? events = null)
{
    private static readonly GenerationOptions YesOrNo = new() { MaxTokens = 4 };

    private readonly TriggerState[] triggers = [.. options.Triggers.Select(trigger => new TriggerState(trigger))];
    private readonly StaleAnswer stale = new(options.BreaksStale);
    private readonly FeatureGate? features = options.FeatureGate is { } gate ? new FeatureGate(gate) : null;
    private readonly LikelihoodGate? holds = options.LikelihoodGate is { } gate ? new LikelihoodGate(gate, options.Question) : null;
    private string? last; // said last

    /// <param name="prompt">The question asked about every window.</param>
    public Narrator(Assistant assistant, string prompt, GenerationOptions options)
        : this(assistant, new NarrationOptions { Question = prompt, Generation = options })
    {
    }

    /// <summary>Told of each window whose answer has begun, on the narrator's thread: for tests of what overlaps.</summary>
    internal Action<PixelWindow>? Heard { get; init; }

    /// <summary>Told of each window of a live source that is done with; null: nobody counts.</summary>
    public LiveStatistics? Statistics { get; init; }

    private sealed record Encoded(PixelWindow Window, VisionTokens Tokens, TimeSpan Encode);

    /// <summary>Captions every window in order, back to back, and disposes its pixels.</summary>
    /// <param name="progress">Reports each caption after the sink has it.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the captions so far are with the sink.</exception>
    public Task Run(IEnumerable<PixelWindow> windows, ICaptionSink sink, IProgress<Caption>? progress = null,
        CancellationToken cancel = default)
        => Run(windows.ToAsyncEnumerable(), sink, progress, cancel);

    /// <inheritdoc cref="Run(IEnumerable{PixelWindow}, ICaptionSink, IProgress{Caption}?, CancellationToken)"/>
    public async Task Run(IAsyncEnumerable<PixelWindow> windows, ICaptionSink sink, IProgress<Caption>? progress = null,
        CancellationToken cancel = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        // One encoded window waits while another is put into words: more would only make captions late.
        Channel<Encoded> encoded = Channel.CreateBounded<Encoded>(1);
        Task seeing = Task.Run(() => See(windows, encoded.Writer, stop.Token), CancellationToken.None);
        try
        {
            using Conversation conversation = assistant.Start();
            await foreach (Encoded seen in encoded.Reader.ReadAllAsync(cancel))
            {
                if (Tell(conversation, seen, cancel) is { } caption)
                {
                    sink.Write(caption);
                    progress?.Report(caption);
                }
                Statistics?.WindowIsDone();
            }
        }
        finally
        {
            await stop.CancelAsync();
            await seeing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (encoded.Reader.TryRead(out Encoded? left)) left.Tokens.Dispose();
        }
    }

    /// <summary>What is to be told of a window; null: nothing.</summary>
    private Caption? Tell(Conversation conversation, Encoded seen, CancellationToken cancel)
    {
        using IDisposable? busy = Statistics?.Work();
        conversation.Reset();
        conversation.Show(seen.Tokens);
        string[] appeared = Watch(conversation, seen.Window, cancel);
        Caption? caption = null;
        if (!stale.Give(newer => caption = Say(conversation, seen, newer), cancel)) Statistics?.AnswerWasBrokenOff();
        else if (caption == null) Statistics?.CaptionWasLeftOut();
        return caption == null ? null : caption with { Events = appeared };
    }

    private async Task See(IAsyncEnumerable<PixelWindow> windows, ChannelWriter<Encoded> encoded, CancellationToken cancel)
    {
        using var codes = new FrameCodes(assistant);
        try
        {
            await foreach (PixelWindow window in windows.WithCancellation(cancel))
            {
                using PixelValues pixels = window.Pixels;
                cancel.ThrowIfCancellationRequested();
                if (Look(codes, window, cancel) is not { } seen) continue;
                stale.WindowIsReady();
                if (!await Offer(encoded, seen, cancel)) break;
            }
            encoded.Complete();
        }
        catch (Exception e)
        {
            encoded.Complete(e);
        }
    }

    /// <summary>The window encoded; null if its features are those of the last one that was told.</summary>
    private Encoded? Look(FrameCodes codes, PixelWindow window, CancellationToken cancel)
    {
        using IDisposable? busy = Statistics?.Work();
        (VisionTokens tokens, TimeSpan time) = codes.Encode(window, cancel);
        Statistics?.FramesEncodedAre(codes.Encoded);
        if (features?.Passes(assistant, tokens, window.End, cancel) != false) return new Encoded(window, tokens, time);
        tokens.Dispose();
        Statistics?.WindowWasAlike();
        return null;
    }

    /// <summary>Waits for room; false, and the tokens are let go, when the narration was stopped meanwhile.</summary>
    private static async Task<bool> Offer(ChannelWriter<Encoded> encoded, Encoded seen, CancellationToken cancel)
    {
        try
        {
            await encoded.WriteAsync(seen, cancel);
            return true;
        }
        catch (OperationCanceledException)
        {
            seen.Tokens.Dispose();
            return false;
        }
    }

    /// <summary>Asks what each trigger wants to know, and gives those that fire.</summary>
    private string[] Watch(Conversation conversation, PixelWindow window, CancellationToken cancel)
    {
        var appeared = new List<string>();
        foreach (TriggerState trigger in triggers)
        {
            string answer = conversation.Ask(trigger.Trigger.Question, YesOrNo, cancel: cancel).Text;
            conversation.Rewind();
            if (!trigger.Appears(answer)) continue;
            appeared.Add(trigger.Trigger.What);
            events?.Invoke(new LiveEvent(trigger.Trigger.What, window.Start, window.End, window.Captured));
        }
        return [.. appeared];
    }

    /// <summary>The caption; null if it would say nothing new.</summary>
    private Caption? Say(Conversation conversation, Encoded seen, CancellationToken cancel)
    {
        TimeSpan waited = Stopwatch.GetElapsedTime(seen.Window.Complete);
        string question = options.WithContext && last != null ? $"Earlier: {last} {options.Question}" : options.Question;
        Heard?.Invoke(seen.Window);
        if (holds?.StillHolds(conversation, seen.Window, cancel) == true) return null;
        if (Ask(conversation, question, cancel) is not { } answer) return null;
        bool isRepeat = last != null && options.RepeatsFrom is { } limit && Similarity.Of(answer.Text, last) >= limit;
        if (isRepeat) return null;
        if (options.Check?.Invoke(answer.Text) is { } wrong)
        {
            Statistics?.AnswerWasRefused(wrong);
            return null;
        }
        if (last != null) Statistics?.CaptionOverlaps(Similarity.Of(answer.Text, last));
        last = answer.Text;
        conversation.Rewind();
        holds?.Said(conversation, seen.Window, answer, cancel);
        return new Caption(seen.Window.Start, seen.Window.End, answer.Text)
        {
            Captured = seen.Window.Captured,
            Encode = seen.Encode,
            FirstToken = waited + answer.FirstToken,
            Generate = answer.Generate,
            Tokens = answer.Ids.Count,
        };
    }

    /// <summary>The answer; null, after as few tokens as tell it, if it begins with the words that say that there is nothing to say.
    /// </summary>
    private Answer? Ask(Conversation conversation, string question, CancellationToken cancel)
    {
        if (options.Silence is not { } silence) return conversation.Ask(question, options.Generation, cancel: cancel);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        string said = "";
        try
        {
            Answer answer = conversation.Ask(question, options.Generation, Hear, enough.Token);
            return AnswerWords.Begin(answer.Text, silence) ? null : answer;
        }
        catch (OperationCanceledException) when (enough.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return null;
        }

        // One character more than the words: "No" may become "North".
        void Hear(string text)
        {
            said += text;
            if (said.TrimEnd().Length > silence.Length && AnswerWords.Begin(said, silence)) enough.Cancel();
        }
    }
}
