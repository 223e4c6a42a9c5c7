using System.Threading.Channels;

namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>A sink on a thread of its own: a slow one holds up the narration only when <see cref="Room"/> captions wait for it.</summary>
/// <remarks>Captions are never dropped. What the sink throws, the next <see cref="Write"/> or <see cref="Complete"/> throws.</remarks>
internal sealed class SinkQueue : ICaptionSink
{
    public const int Room = 256;

    private readonly Channel<Caption> captions = Channel.CreateBounded<Caption>(Room);
    private readonly Task writing;

    public SinkQueue(ICaptionSink sink) => writing = Task.Run(() => Pass(sink));

    public void Write(Caption caption)
    {
        try
        {
            if (!captions.Writer.TryWrite(caption)) captions.Writer.WriteAsync(caption).AsTask().GetAwaiter().GetResult();
        }
        catch (ChannelClosedException)
        {
            writing.GetAwaiter().GetResult(); // throws what the sink threw
            throw;
        }
    }

    /// <summary>Waits until the sink has all captions.</summary>
    public void Complete()
    {
        captions.Writer.TryComplete();
        writing.GetAwaiter().GetResult();
    }

    private async Task Pass(ICaptionSink sink)
    {
        try
        {
            await foreach (Caption caption in captions.Reader.ReadAllAsync().ConfigureAwait(false)) sink.Write(caption);
        }
        finally
        {
            captions.Writer.TryComplete();
        }
    }
}
