using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.IR.Intrinsics;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Instructions of NVIDIA GPUs from sm_80 on that C# has no words for; each is one PTX instruction, and on
/// ILGPU's CPU accelerator its body.</summary>
/// <remarks>
/// Warp-wide ones (mma, ldmatrix) are called by all 32 lanes of a warp together. "Shared" operands are elements of SharedMemory.Allocate of
/// <see cref="U4"/>, which is what makes their addresses multiples of 16 bytes. A word of halves holds the lower
/// column or row in its low half.
/// Names and layouts of fragments are those of the PTX ISA, "Warp Level Matrix Instructions" and "Asynchronous copy".
/// </remarks>
internal static partial class PtxIntrinsics
{
    /// <summary>D = A · B + C on tensor cores: mma.sync.m16n8k16, A (16, 16) and B (16, 8) binary16, C and D (16, 8) float32.</summary>
    /// <remarks>
    /// Lane l holds, with g = l / 4 and q = l % 4:
    /// A   X: A[g, 2q] A[g, 2q+1]       Y: A[g+8, 2q] A[g+8, 2q+1]   Z: A[g, 2q+8] A[g, 2q+9]   W: A[g+8, 2q+8] A[g+8, 2q+9]
    /// B   X: B[2q, g] B[2q+1, g]       Y: B[2q+8, g] B[2q+9, g]
    /// C   X: C[g, 2q]   Y: C[g, 2q+1]  Z: C[g+8, 2q]   W: C[g+8, 2q+1];   D as C
    /// </remarks>
    [IntrinsicImplementation]
    public static F4 MultiplyAdd(F4 c, U4 a, U2 b)
    {
        ReadOnlySpan<WarpExchange.Operands> lanes = WarpExchange.All(a, b);
        int g = Warp.LaneIdx >> 2, q = Warp.LaneIdx & 3;
        for (int t = 0; t < 4; t++)
        {
            U4 row = lanes[4 * g + t].A;
            U2 left = lanes[8 * q + t].B, right = lanes[8 * q + 4 + t].B; // columns 2q and 2q+1 of B
            c.X += Dot(row.X, left.X) + Dot(row.Z, left.Y);
            c.Y += Dot(row.X, right.X) + Dot(row.Z, right.Y);
            c.Z += Dot(row.Y, left.X) + Dot(row.W, left.Y);
            c.W += Dot(row.Y, right.X) + Dot(row.W, right.Y);
        }
        return c;
    }

    /// <summary>ldmatrix.x4: four matrices of 8 rows of 16 bytes (8 halves) from shared memory, as fragments.</summary>
    /// <remarks>
    /// Lane l passes row l % 8 of matrix l / 8. Word i of its result is word l % 4 of row l / 4 of matrix i: the
    /// halves (l / 4, 2 (l % 4)) and the next.
    /// </remarks>
    /// <param name="row">Shared.</param>
    [IntrinsicImplementation]
    public static U4 LoadMatrices(ref U4 row)
    {
        ReadOnlySpan<WarpExchange.Operands> lanes = WarpExchange.All(row, default);
        int r = Warp.LaneIdx >> 2, word = Warp.LaneIdx & 3;
        return new U4
        {
            X = Word(lanes[r].A, word),
            Y = Word(lanes[8 + r].A, word),
            Z = Word(lanes[16 + r].A, word),
            W = Word(lanes[24 + r].A, word),
        };
    }

    /// <summary>ldmatrix.x4.trans: as <see cref="LoadMatrices"/>, but of each matrix the transpose: word i holds the
    /// halves (2 (l % 4), l / 4) and the one below.</summary>
    /// <param name="row">Shared.</param>
    [IntrinsicImplementation]
    public static U4 LoadTransposed(ref U4 row)
    {
        ReadOnlySpan<WarpExchange.Operands> lanes = WarpExchange.All(row, default);
        int r = Warp.LaneIdx >> 2, k = 2 * (Warp.LaneIdx & 3);
        return new U4
        {
            X = Half(lanes[k].A, r) | Half(lanes[k + 1].A, r) << 16,
            Y = Half(lanes[8 + k].A, r) | Half(lanes[9 + k].A, r) << 16,
            Z = Half(lanes[16 + k].A, r) | Half(lanes[17 + k].A, r) << 16,
            W = Half(lanes[24 + k].A, r) | Half(lanes[25 + k].A, r) << 16,
        };
    }

    /// <summary>cp.async.cg: begins to copy 16 bytes past the registers and the first cache.</summary>
    /// <param name="target">Shared.</param>
    /// <param name="source">Global.</param>
    [IntrinsicImplementation]
    public static unsafe void Copy(ref U4 target, ref U4 source)
        => AsyncCopies.Mine.Add((U4*)Unsafe.AsPointer(ref target), (U4*)Unsafe.AsPointer(ref source), 16);

    /// <summary>cp.async.cg that copies the first <paramref name="bytes"/> bytes, 0 to 16, and fills up with zeros.</summary>
    /// <param name="target">Shared.</param>
    /// <param name="source">Global. Not read where bytes is 0, but ILGPU checks its index all the same.</param>
    [IntrinsicImplementation]
    public static unsafe void CopyOrZero(ref U4 target, ref U4 source, int bytes)
        => AsyncCopies.Mine.Add((U4*)Unsafe.AsPointer(ref target), (U4*)Unsafe.AsPointer(ref source), bytes);

    /// <summary>cp.async.commit_group: what this lane has begun to copy since the last call is a group, maybe an empty one.</summary>
    [IntrinsicImplementation]
    public static void CommitCopies() => AsyncCopies.Mine.Commit();

    /// <summary>cp.async.wait_group 0: all groups of this lane are done. For other lanes' copies a barrier has to follow.</summary>
    [IntrinsicImplementation]
    public static void WaitForAllCopies() => AsyncCopies.Mine.Wait(0);

    /// <summary>cp.async.wait_group 1: all groups of this lane but the last are done.</summary>
    [IntrinsicImplementation]
    public static void WaitForCopiesBut1() => AsyncCopies.Mine.Wait(1);

    /// <summary>cp.async.wait_group 2: all groups of this lane but the last two are done.</summary>
    [IntrinsicImplementation]
    public static void WaitForCopiesBut2() => AsyncCopies.Mine.Wait(2);

    /// <summary>ld.global.nc.v4: memory that is not written while the kernel runs.</summary>
    /// <param name="source">Global, at a multiple of 16 bytes.</param>
    [IntrinsicImplementation]
    public static U4 LoadConstant(ref U4 source) => source;

    /// <summary>cvt.rn.f16x2.f32: two numbers to the nearest halves.</summary>
    [IntrinsicImplementation]
    public static uint Halves(float low, float high)
        => BitConverter.HalfToUInt16Bits((System.Half)low) | (uint)BitConverter.HalfToUInt16Bits((System.Half)high) << 16;

    private static float Dot(uint a, uint b) => Number(a) * Number(b) + Number(a >> 16) * Number(b >> 16);

    private static float Number(uint half) => (float)BitConverter.UInt16BitsToHalf((ushort)half);

    private static uint Word(U4 quad, int i) => i switch { 0 => quad.X, 1 => quad.Y, 2 => quad.Z, _ => quad.W };

    private static uint Half(U4 quad, int i) => Word(quad, i / 2) >> 16 * (i % 2) & 0xffffu;
}
