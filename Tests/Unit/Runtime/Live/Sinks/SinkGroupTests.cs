using System.Collections.Concurrent;
using EdgeVideoLlava.Runtime.Live;
using EdgeVideoLlava.Runtime.Live.Sinks;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live.Sinks;

/// <summary>Several sinks at once: each gets everything in order, none waits for another, what fails is told.</summary>
public sealed class SinkGroupTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private sealed class Sink(Action<Caption> receive) : ICaptionSink
    {
        public void Write(Caption caption) => receive(caption);
    }

    private static Caption Caption(int i) => new(TimeSpan.FromSeconds(i), TimeSpan.FromSeconds(i + 1), $"{i}");

    [Fact]
    public void Each_gets_every_caption_in_order_and_a_slow_one_holds_up_nobody()
    {
        using var go = new ManualResetEventSlim();
        var quick = new ConcurrentQueue<string>();
        var slow = new List<string>();
        var group = new SinkGroup([new Sink(caption =>
        {
            Assert.True(go.Wait(Patience));
            slow.Add(caption.Text);
        }), new Sink(caption => quick.Enqueue(caption.Text))]);
        string[] all = [.. Enumerable.Range(0, SinkQueue.Room).Select(i => $"{i}")];
        foreach (int i in Enumerable.Range(0, SinkQueue.Room)) group.Write(Caption(i));
        Assert.True(SpinWait.SpinUntil(() => quick.Count == SinkQueue.Room, Patience));
        Assert.Empty(slow);
        go.Set();
        group.Complete();
        Assert.Equal(all, slow);
        Assert.Equal(all, quick);
    }

    /// <summary>Memory is bounded and nothing is dropped: one more than there is room for waits.</summary>
    [Fact]
    public async Task A_sink_that_stands_still_holds_the_narration_up_once_its_room_is_full()
    {
        using var go = new ManualResetEventSlim();
        using var taken = new ManualResetEventSlim();
        var got = new List<string>();
        var queue = new SinkQueue(new Sink(caption =>
        {
            taken.Set();
            Assert.True(go.Wait(Patience));
            got.Add(caption.Text);
        }));
        queue.Write(Caption(0));
        Assert.True(taken.Wait(Patience)); // the sink has the first, all others wait
        for (int i = 1; i <= SinkQueue.Room; i++) queue.Write(Caption(i));
        Task one = Task.Run(() => queue.Write(Caption(SinkQueue.Room + 1)));
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(one.IsCompleted);
        go.Set();
        await one.WaitAsync(Patience, TestContext.Current.CancellationToken);
        queue.Complete();
        Assert.Equal(Enumerable.Range(0, SinkQueue.Room + 2).Select(i => $"{i}"), got);
    }

    [Fact]
    public void What_one_throws_is_told_and_the_others_have_everything()
    {
        var got = new List<string>();
        var group = new SinkGroup([new Sink(_ => throw new IOException("torn")), new Sink(caption => got.Add(caption.Text))]);
        group.Write(Caption(0));
        var thrown = Assert.Throws<AggregateException>(group.Complete);
        Assert.Equal("torn", Assert.IsType<IOException>(Assert.Single(thrown.InnerExceptions)).Message);
        Assert.Equal(["0"], got);
        var queue = new SinkQueue(new Sink(_ => throw new IOException("torn")));
        Assert.Throws<IOException>(() =>
        {
            for (int i = 0; i < 10_000; i++) queue.Write(Caption(i));
        });
    }
}
