namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>A lane's asynchronous copies on ILGPU's CPU accelerator: each is done as late as the waits allow, so that
/// a missing wait is a wrong result.</summary>
internal sealed unsafe class AsyncCopies
{
    [ThreadStatic] private static AsyncCopies? mine;
    private static int weaker, epoch;

    private readonly int born;
    private readonly Queue<List<(nint Target, nint Source, int Bytes)>> groups = new();
    private List<(nint Target, nint Source, int Bytes)> open = [];

    private AsyncCopies(int epoch) => born = epoch;

    public static AsyncCopies Mine => mine is { } copies && copies.born == epoch ? copies : mine = new AsyncCopies(epoch);

    /// <summary>For tests of the tests: every wait lets so many groups more pass.</summary>
    /// <remarks>
    /// Set, it drops the copies that a kernel has left without a wait: their targets are memory of others by the time that
    /// the lane's thread serves another kernel. Kernels wait for all their copies in the end.
    /// </remarks>
    internal static int Weaker
    {
        get => weaker;
        set
        {
            weaker = value;
            epoch++;
        }
    }

    /// <summary>Until the wait the target is undefined (PTX ISA, "cp.async"): it holds what is no number, so that a missing wait shows
    /// even where the tile held the right numbers before.</summary>
    public void Add(U4* target, U4* source, int bytes)
    {
        *target = new U4 { X = uint.MaxValue, Y = uint.MaxValue, Z = uint.MaxValue, W = uint.MaxValue };
        open.Add(((nint)target, (nint)source, bytes));
    }

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
