using System.Collections.Concurrent;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>How the 32 lanes of a warp see each other's operands on ILGPU's CPU accelerator, where each lane is a thread.</summary>
/// <remarks>
/// A thread belongs to one warp for ever, so the warp's place of exchange is found once. There are two, used in turn: a lane can begin the
/// next exchange while others still read this one, but not the one after it, which needs all lanes at the next barrier.
/// </remarks>
internal sealed class WarpExchange
{
    public struct Operands
    {
        public U4 A;
        public U2 B;
    }

    private static readonly ConcurrentDictionary<int, WarpExchange> Warps = new();
    private static int lastWarp;

    [ThreadStatic] private static WarpExchange? mine;
    [ThreadStatic] private static int turn;

    private readonly Operands[][] places = [new Operands[32], new Operands[32]];

    /// <summary>Gives this lane's operands, returns those of all lanes; valid until the next call.</summary>
    public static ReadOnlySpan<Operands> All(U4 a, U2 b)
    {
        Operands[] place = (mine ??= Find()).places[turn ^= 1];
        place[Warp.LaneIdx] = new Operands { A = a, B = b };
        Warp.Barrier();
        return place;
    }

    private static WarpExchange Find()
    {
        int warp = Warp.Broadcast(Warp.LaneIdx == 0 ? Interlocked.Increment(ref lastWarp) : 0, 0);
        return Warps.GetOrAdd(warp, _ => new WarpExchange());
    }
}
