using System.Threading.Channels;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>Captions for a reader on another thread.</summary>
internal sealed class ChannelSink : ICaptionSink
{
    private readonly Channel<Caption> captions = Channel.CreateUnbounded<Caption>();

    public void Write(Caption caption) => captions.Writer.TryWrite(caption);

    /// <summary>The captions as they come; after the last, what ended the narration is thrown.</summary>
    public IAsyncEnumerable<Caption> Read() => captions.Reader.ReadAllAsync(CancellationToken.None);

    /// <summary>Ends the captions when the narration that writes them ends, as it ends; does not throw itself.</summary>
    public async Task Fill(Task narration)
    {
        try
        {
            await narration.ConfigureAwait(false);
            captions.Writer.Complete();
        }
        catch (Exception e)
        {
            captions.Writer.Complete(e);
        }
    }
}
