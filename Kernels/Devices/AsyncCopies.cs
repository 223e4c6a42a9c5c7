namespace EdgeVideoLlava.Kernels;

/// <summary>A lane's asynchronous copies on ILGPU's CPU accelerator: each is done as late as the waits allow, so that a missing wait is a wrong result.</summary>
internal sealed unsafe class AsyncCopies
{
    [ThreadStatic] private static AsyncCopies? mine;
    private static int launches;

    private readonly int launch;
    private readonly Queue<List<(nint Target, nint Source, int Bytes)>> groups = new();
    private List<(nint Target, nint Source, int Bytes)> open = [];

    private AsyncCopies(int launch) => this.launch = launch;

    public static AsyncCopies Mine => mine is { } copies && copies.launch == launches ? copies : mine = new AsyncCopies(launches);

    /// <summary>For tests of the tests: every wait lets so many groups more pass.</summary>
    internal static int Weaker { get; set; }

    /// <summary>Before each launch: what an earlier kernel has left without a wait is dropped. Its targets are memory of others by now.</summary>
    public static void BeginLaunch() => Interlocked.Increment(ref launches);

    public void Add(U4* target, U4* source, int bytes) => open.Add(((nint)target, (nint)source, bytes));

    public void Commit()
    {
        groups.Enqueue(open);
        open = [];
    }

    public void Wait(int groupsLeft)
    {
        while (groups.Count > groupsLeft + Weaker)
        {
            foreach ((nint target, nint source, int bytes) in groups.Dequeue())
            {
                *(U4*)target = default;
                Buffer.MemoryCopy((void*)source, (void*)target, 16, bytes);
            }
        }
    }
}
