namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>What a multiprocessor of an NVIDIA GPU has for its groups (CUDA C++ programming guide, "Technical
/// specifications per compute capability").</summary>
/// <param name="Threads">At most at the same time.</param>
/// <param name="SharedBytes">For all groups together; each takes 1 KiB more than it asks for.</param>
internal sealed record Multiprocessor(int Registers, int Threads, int SharedBytes, int Groups)
{
    public static Multiprocessor Sm87 { get; } = new(65536, 1536, 164 << 10, 16);

    public static Multiprocessor Sm90 { get; } = new(65536, 2048, 228 << 10, 32);

    // Registers are given to warps in pieces of 256, and a warp lies in one of four parts of the multiprocessor.
    private const int Warp = 32, Parts = 4, RegisterPiece = 256, SharedPiece = 128, SystemShared = 1 << 10;

    /// <summary>Groups that are there at the same time.</summary>
    public int GroupsOf(int items, int registers, int sharedBytes)
    {
        int warps = (items + Warp - 1) / Warp, each = RoundUp(Math.Max(registers, 1) * Warp, RegisterPiece);
        int byRegisters = Registers / Parts / each * Parts / warps, shared = RoundUp(sharedBytes + SystemShared, SharedPiece);
        return Math.Min(Math.Min(Groups, Threads / (warps * Warp)), Math.Min(byRegisters, SharedBytes / shared));
    }

    /// <summary>Share of the threads that are there at the same time.</summary>
    public double Occupancy(int items, int registers, int sharedBytes)
        => (double)GroupsOf(items, registers, sharedBytes) * RoundUp(items, Warp) / Threads;

    /// <summary>Of the group that gives the largest: what ILGPU asks the driver for where a kernel's items work alone.</summary>
    public double BestOccupancy(int registers, int sharedBytes)
        => Enumerable.Range(1, 32).Max(warps => Occupancy(warps * Warp, registers, sharedBytes));

    private static int RoundUp(int value, int piece) => (value + piece - 1) / piece * piece;
}
