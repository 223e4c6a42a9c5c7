using System.Collections.Concurrent;

namespace EdgeVideoLlava.Trainer.Data;

/// <summary>Makes the steps of a run ahead of their use, on a thread of its own, so many at a time.</summary>
internal static class AheadReader
{
    /// <param name="make">The step of this number; its errors end the reading.</param>
    /// <param name="room">Steps that wait at most.</param>
    public static IEnumerable<T> Read<T>(int first, int end, int room, Func<int, T> make, CancellationToken cancel)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var queue = new BlockingCollection<T>(Math.Max(1, room));
        Task reading = Task.Run(() => Fill(queue, first, end, make, stop.Token), CancellationToken.None);
        try
        {
            foreach (T step in queue.GetConsumingEnumerable(CancellationToken.None)) yield return step;
            reading.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            while (queue.TryTake(out _)) { }
            try
            {
                reading.Wait(CancellationToken.None);
            }
            catch (AggregateException) when (stop.IsCancellationRequested)
            {
            }
        }
    }

    private static void Fill<T>(BlockingCollection<T> queue, int first, int end, Func<int, T> make, CancellationToken cancel)
    {
        try
        {
            for (int step = first; step < end && !cancel.IsCancellationRequested; step++) queue.Add(make(step), cancel);
        }
        catch (OperationCanceledException)
        {
        }
        finally
        {
            queue.CompleteAdding();
        }
    }
}
