using System.Runtime.CompilerServices;

namespace EdgeVideoLlava.Kernels;

/// <summary>Persistent threads that share loops among them, without allocating. Callers on several threads take turns, loop by loop.</summary>
internal sealed unsafe class WorkerThreads : IDisposable
{
    // A decode step is some hundred short loops: workers look for the next one this long before they sleep.
    private const int SpinsBeforeSleep = 2000;

    private readonly Lock turn = new();
    private readonly object sleep = new();
    private readonly Thread[] threads;
    private int generation;
    private volatile bool stopping;
    private int sleepers;

    // The loop now running: valid while remaining > 0.
    private void* job;
    private delegate*<void*, int, int, void> invoke;
    private int total, chunk, next;
    private int remaining;

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

    /// <summary>Executes items 0..total-1, handed out in pieces of <paramref name="chunk"/>.</summary>
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
            Volatile.Write(ref remaining, threads.Length);
            Interlocked.Increment(ref generation); // a full fence: either the sleeper sees the new generation, or we see the sleeper
            if (Volatile.Read(ref sleepers) > 0)
            {
                lock (sleep) Monitor.PulseAll(sleep);
            }
            TakeChunks();
            var wait = new SpinWait();
            while (Volatile.Read(ref remaining) > 0) wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    public void Dispose()
    {
        stopping = true;
        Interlocked.Increment(ref generation);
        lock (sleep) Monitor.PulseAll(sleep);
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
        int seen = 0;
        while (true)
        {
            AwaitNext(seen);
            if (stopping) return;
            seen = Volatile.Read(ref generation);
            TakeChunks();
            Interlocked.Decrement(ref remaining);
        }
    }

    private void AwaitNext(int seen)
    {
        for (int spin = 0; spin < SpinsBeforeSleep; spin++)
        {
            if (Volatile.Read(ref generation) != seen) return;
            Thread.SpinWait(10);
        }
        lock (sleep)
        {
            Interlocked.Increment(ref sleepers);
            while (Volatile.Read(ref generation) == seen) Monitor.Wait(sleep);
            Interlocked.Decrement(ref sleepers);
        }
    }

    private void TakeChunks()
    {
        while (true)
        {
            int begin = Interlocked.Add(ref next, chunk) - chunk;
            if (begin >= total) return;
            invoke(job, begin, Math.Min(begin + chunk, total));
        }
    }
}
