using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A bounded buffer that never holds up its source: what its reader does not take in time is lost, the oldest first.</summary>
internal static class Newest
{
    /// <summary>The items that the reader is in time for; the source is read on another thread, as fast as it gives.</summary>
    /// <param name="room">Items that wait.</param>
    /// <param name="lost">Told each item that is lost, on the source's thread.</param>
    /// <param name="left">Told each item that waits when the reader leaves; null: nothing is to be done.</param>
    public static async IAsyncEnumerable<T> Of<T>(IAsyncEnumerable<T> source, int room, Action<T> lost, Action<T>? left,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        var options = new BoundedChannelOptions(room)
        {
            FullMode = BoundedChannelFullMode.DropOldest,
            SingleReader = true,
            SingleWriter = true,
        };
        Channel<T> waiting = Channel.CreateBounded(options, lost);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task filling = Task.Run(() => Fill(source, waiting.Writer, stop.Token), CancellationToken.None);
        try
        {
            await foreach (T item in waiting.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return item;
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await filling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            while (waiting.Reader.TryRead(out T? item)) left?.Invoke(item);
        }
    }

    private static async Task Fill<T>(IAsyncEnumerable<T> source, ChannelWriter<T> waiting, CancellationToken cancel)
    {
        try
        {
            await foreach (T item in source.WithCancellation(cancel).ConfigureAwait(false)) waiting.TryWrite(item);
            waiting.Complete();
        }
        catch (Exception e)
        {
            waiting.Complete(e);
        }
    }
}
