using EdgeVideoLlava.Runtime.Live;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Live;

/// <summary>A buffer that holds up nobody.</summary>
public sealed class NewestTests
{
    [Fact]
    public async Task A_slow_reader_gets_the_newest_and_the_source_never_waits()
    {
        var lost = new List<int>();
        TaskCompletionSource taken = new(), whole = new();
        var got = new List<int>();
        await foreach (int item in Newest.Of(Source(taken.Task, whole), 2, lost.Add, null, TestContext.Current.CancellationToken))
        {
            taken.TrySetResult();
            if (got.Count == 0) await whole.Task; // waits for the source's end; the source does not wait for this
            got.Add(item);
        }
        Assert.Equal([0, 8, 9], got);
        Assert.Equal(Enumerable.Range(0, 10), lost.Concat(got).Order());
    }

    [Fact]
    public async Task What_waits_when_the_reader_leaves_is_told()
    {
        var left = new List<int>();
        TaskCompletionSource taken = new(), whole = new();
        await foreach (int _ in Newest.Of(Source(taken.Task, whole), 2, _ => { }, left.Add, TestContext.Current.CancellationToken))
        {
            taken.SetResult();
            await whole.Task;
            break;
        }
        Assert.Equal([8, 9], left);
    }

    [Fact]
    public async Task The_source_s_fault_comes_after_its_items()
    {
        var got = new List<int>();
        await Assert.ThrowsAsync<IOException>(async () =>
        {
            await foreach (int item in Newest.Of(Breaks(), 5, _ => { }, null, TestContext.Current.CancellationToken)) got.Add(item);
        });
        Assert.Equal([0, 1], got);
    }

    /// <summary>Ten items; the others come once the first is taken.</summary>
    private static async IAsyncEnumerable<int> Source(Task taken, TaskCompletionSource whole)
    {
        for (int i = 0; i < 10; i++)
        {
            yield return i;
            await taken;
        }
        whole.SetResult();
    }

    private static async IAsyncEnumerable<int> Breaks()
    {
        await Task.Yield();
        yield return 0;
        yield return 1;
        throw new IOException("unplugged");
    }
}
