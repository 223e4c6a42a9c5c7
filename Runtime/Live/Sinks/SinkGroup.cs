namespace EdgeVideoLlava.Runtime.Live.Sinks;

/// <summary>Several sinks as one; each gets every caption, and none waits for another.</summary>
internal sealed class SinkGroup(IEnumerable<ICaptionSink> sinks) : ICaptionSink
{
    private readonly SinkQueue[] queues = [.. sinks.Select(sink => new SinkQueue(sink))];

    public void Write(Caption caption)
    {
        foreach (SinkQueue queue in queues) queue.Write(caption);
    }

    /// <summary>Waits until all have everything, also those after one that fails.</summary>
    /// <exception cref="AggregateException">Some failed.</exception>
    public void Complete()
    {
        var faults = new List<Exception>();
        foreach (SinkQueue queue in queues)
        {
            try
            {
                queue.Complete();
            }
            catch (Exception e)
            {
                faults.Add(e);
            }
        }
        if (faults.Count > 0) throw new AggregateException(faults);
    }
}
