using System.Diagnostics;
using System.Threading.Channels;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>Says for each window what happens in it. The next window is read and encoded while the last is put into words.</summary>
/// <param name="prompt">The question asked about every window.</param>
internal sealed class Narrator(Assistant assistant, string prompt, GenerationOptions options)
{
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
                Caption caption = Say(conversation, seen, cancel);
                sink.Write(caption);
                Statistics?.WindowIsDone();
                progress?.Report(caption);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await seeing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (encoded.Reader.TryRead(out Encoded? left)) left.Tokens.Dispose();
        }
    }

    private async Task See(IAsyncEnumerable<PixelWindow> windows, ChannelWriter<Encoded> encoded, CancellationToken cancel)
    {
        try
        {
            await foreach (PixelWindow window in windows.WithCancellation(cancel))
            {
                using PixelValues pixels = window.Pixels;
                cancel.ThrowIfCancellationRequested();
                (VisionTokens tokens, TimeSpan time) = assistant.Encode(pixels, cancel);
                if (!await Offer(encoded, new Encoded(window, tokens, time), cancel)) break;
            }
            encoded.Complete();
        }
        catch (Exception e)
        {
            encoded.Complete(e);
        }
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

    private Caption Say(Conversation conversation, Encoded seen, CancellationToken cancel)
    {
        conversation.Reset();
        conversation.Show(seen.Tokens);
        TimeSpan waited = Stopwatch.GetElapsedTime(seen.Window.Complete);
        Answer answer = conversation.Ask(prompt, options, cancel: cancel);
        return new Caption(seen.Window.Start, seen.Window.End, answer.Text)
        {
            Captured = seen.Window.Captured,
            Encode = seen.Encode,
            FirstToken = waited + answer.FirstToken,
            Generate = answer.Generate,
            Tokens = answer.Ids.Count,
        };
    }
}
