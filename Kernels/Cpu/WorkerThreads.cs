using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Persistent threads that share loops among them, without allocating. Callers on several threads take
/// turns, loop by loop.</summary>
internal sealed unsafe class WorkerThreads : IDisposable
{
    // A decode step is some hundred short loops: workers look for the next one this long before they sleep.
    private const int SpinsBeforeSleep = 2000;

    private readonly Lock turn = new();
    private readonly object sleep = new();
    private readonly Thread[] threads;
    private volatile bool stopping;
    private int sleepers;

    // The loop now running. A worker that comes late finds it closed and does nothing: the caller waits for those inside only, so that a
    // thread which the system has taken off its processor delays no one.
    private void* job;
    private delegate*<void*, int, int, void> invoke;
    private int total, chunk, next;
    private long loops, open; // number of the last loop, and of the open one (0 = none)
    private int inside;
    private Exception? fault; // the first of the loop, on any of its threads

    /// <summary>Starts count - 1 threads; the caller of a loop is the last one.</summary>
    public WorkerThreads(int count, SimdWidth width)
    {
        Count = count;
        Width = width;
        threads = new Thread[count - 1];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(Work) { IsBackground = true, Name = $"edge worker {i + 1}" };
            threads[i].Start();
        }
    }

    public int Count { get; }

    public SimdWidth Width { get; }

    /// <summary>Executes items 0..total-1, handed out in pieces that grow smaller, at least <paramref name="chunk"/> at a time.</summary>
    /// <remarks>What the job throws, on whichever thread, the caller is thrown, once no thread is at it any more.</remarks>
    public void For<TJob>(TJob job, int total, int chunk = 1) where TJob : unmanaged, ICpuJob
    {
        if (threads.Length == 0 || total <= chunk)
        {
            if (total > 0) Invocation<TJob>()(&job, 0, total);
            return;
        }
        lock (turn)
        {
            this.job = &job;
            invoke = Invocation<TJob>();
            this.total = total;
            this.chunk = chunk;
            next = 0;
            // Full fences, here and below: either a worker sees what we wrote, or we see the worker.
            Interlocked.Exchange(ref open, ++loops);
            if (Volatile.Read(ref sleepers) > 0) Wake();
            TakeChunks();
            Interlocked.Exchange(ref open, 0);
            var wait = new SpinWait();
            while (Volatile.Read(ref inside) > 0) wait.SpinOnce(sleep1Threshold: -1);
            if (fault != null) ThrowFault();
        }
    }

    public void Dispose()
    {
        stopping = true;
        Wake();
        foreach (Thread thread in threads) thread.Join();
    }

    private delegate*<void*, int, int, void> Invocation<TJob>() where TJob : unmanaged, ICpuJob => Width switch
    {
        SimdWidth.Vector512 => &Invoke<TJob, Lanes16>,
        SimdWidth.Vector256 => &Invoke<TJob, Lanes8>,
        SimdWidth.Vector128 => &Invoke<TJob, Lanes4>,
        _ => &Invoke<TJob, Lanes1>,
    };

    private static void Invoke<TJob, V>(void* job, int begin, int end) where TJob : unmanaged, ICpuJob where V : unmanaged, ILanes<V>
        => Unsafe.AsRef<TJob>(job).Execute<V>(begin, end);

    private void Work()
    {
        long seen = 0;
        while (true)
        {
            AwaitNext(seen);
            if (stopping) return;
            Interlocked.Increment(ref inside);
            long number = Volatile.Read(ref open);
            if (number != 0 && number != seen)
            {
                seen = number;
                TakeChunks();
            }
            Interlocked.Decrement(ref inside);
        }
    }

    private void AwaitNext(long seen)
    {
        for (int spin = 0; spin < SpinsBeforeSleep; spin++)
        {
            if (IsNews(seen)) return;
            Thread.SpinWait(10);
        }
        lock (sleep)
        {
            Interlocked.Increment(ref sleepers);
            while (!IsNews(seen)) Monitor.Wait(sleep);
            Interlocked.Decrement(ref sleepers);
        }
    }

    private bool IsNews(long seen) => stopping || (Volatile.Read(ref open) is var number && number != 0 && number != seen);

    private void Wake()
    {
        lock (sleep) Monitor.PulseAll(sleep);
    }

    private void TakeChunks()
    {
        while (true)
        {
            int begin = Volatile.Read(ref next);
            if (begin >= total) return;
            // Large pieces first: a hand-out takes as long as an item of a decode step. Small ones last: all threads end together.
            int end = begin + Math.Min(Math.Max(chunk, (total - begin) / (2 * Count)), total - begin);
            if (Interlocked.CompareExchange(ref next, end, begin) != begin) continue;
            try
            {
                invoke(job, begin, end);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref fault, e, null);
                Volatile.Write(ref next, total); // nobody need begin another piece
            }
        }
    }

    private void ThrowFault()
    {
        Exception thrown = fault!;
        fault = null;
        ExceptionDispatchInfo.Throw(thrown);
    }
}
