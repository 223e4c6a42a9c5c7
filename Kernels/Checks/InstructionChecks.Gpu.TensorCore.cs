using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>The instructions of <see cref="PtxIntrinsics"/> by themselves, one warp each: whether a GPU's lanes hold
/// what the PTX ISA says.</summary>
/// <remarks>The numbers are small whole ones, so that every result is exact and each is another.</remarks>
internal static class InstructionChecks
{
    private const int Items = 32;

    /// <summary>64 KB of shared memory in pieces of 16 bytes: more than a kernel may have without asking the driver.</summary>
    private const int ManyQuads = 4096;

    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    [Kernel(Group = Items)]
    internal static void MultiplyAddKernel(ArrayView<U4> a, ArrayView<U4> b, ArrayView<U4> result)
    {
        int lane = Group.IdxX;
        U4 words = b[lane];
        F4 d = PtxIntrinsics.MultiplyAdd(new F4 { X = lane }, a[lane], new U2 { X = words.X, Y = words.Y });
        result[lane] = new U4
        {
            X = Interop.FloatAsInt(d.X),
            Y = Interop.FloatAsInt(d.Y),
            Z = Interop.FloatAsInt(d.Z),
            W = Interop.FloatAsInt(d.W)
        };
    }

    [Kernel(Group = Items)]
    internal static void LoadMatricesKernel(ArrayView<U4> source, ArrayView<U4> unused, ArrayView<U4> result)
    {
        ArrayView<U4> tile = SharedMemory.Allocate<U4>(Items);
        tile[Group.IdxX] = source[Group.IdxX];
        Group.Barrier();
        result[Group.IdxX] = PtxIntrinsics.LoadMatrices(ref tile[Group.IdxX]);
    }

    [Kernel(Group = Items)]
    internal static void LoadTransposedKernel(ArrayView<U4> source, ArrayView<U4> unused, ArrayView<U4> result)
    {
        ArrayView<U4> tile = SharedMemory.Allocate<U4>(Items);
        tile[Group.IdxX] = source[Group.IdxX];
        Group.Barrier();
        result[Group.IdxX] = PtxIntrinsics.LoadTransposed(ref tile[Group.IdxX]);
    }

    /// <summary>Copies of lane % 5 words and zeros behind them, each read by the lane opposite.</summary>
    [Kernel(Group = Items)]
    internal static void CopyKernel(ArrayView<U4> source, ArrayView<U4> unused, ArrayView<U4> result)
    {
        ArrayView<U4> tile = SharedMemory.Allocate<U4>(2 * Items);
        int lane = Group.IdxX, opposite = Items - 1 - lane;
        PtxIntrinsics.CopyOrZero(ref tile[lane], ref source[lane], lane % 5 * 4);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.Copy(ref tile[Items + lane], ref source[lane]);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.WaitForCopiesBut1();
        Group.Barrier();
        U4 first = tile[opposite];
        PtxIntrinsics.WaitForAllCopies();
        Group.Barrier();
        U4 second = tile[Items + opposite];
        result[lane] = new U4 { X = first.X, Y = first.Y, Z = first.Z + second.Z, W = first.W + second.W };
    }

    /// <summary>Numbers to halves, as the tiles of decoded weights are made.</summary>
    [Kernel(Group = Items)]
    internal static void HalvesKernel(ArrayView<U4> source, ArrayView<U4> unused, ArrayView<U4> result)
    {
        U4 words = PtxIntrinsics.LoadConstant(ref source[Group.IdxX]);
        result[Group.IdxX] = new U4
        {
            X = PtxIntrinsics.Halves(words.X, words.Y),
            Y = PtxIntrinsics.Halves(0f - words.Z, words.W),
        };
    }

    /// <summary>Dynamic shared memory of <see cref="ManyQuads"/>, filled by asynchronous copies and numbered; each
    /// lane sums what the lane opposite has filled.</summary>
    [Kernel(Group = Items, DynamicBytes = ManyQuads * 16)]
    internal static void SharedSumsKernel(ArrayView<U4> source, ArrayView<U4> unused, ArrayView<U4> result)
    {
        ArrayView<U4> tile = SharedMemory.GetDynamic<U4>();
        int lane = Group.IdxX;
        for (int i = lane; i < ManyQuads; i += Items) PtxIntrinsics.Copy(ref tile[i], ref source[lane]);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.WaitForAllCopies();
        for (int i = lane; i < ManyQuads; i += Items)
        {
            U4 own = tile[i];
            own.X += (uint)i;
            tile[i] = own;
        }
        Group.Barrier();
        U4 sum = default;
        for (int i = Items - 1 - lane; i < ManyQuads; i += Items)
        {
            U4 quad = tile[i];
            sum = new U4 { X = sum.X + quad.X, Y = sum.Y + quad.Y, Z = sum.Z + quad.Z, W = sum.W + quad.W };
        }
        result[lane] = sum;
    }

    // ---- checks ----------------------------------------------------------------------------------------------------------------
    public static IEnumerable<DeviceCheck> Of(IlgpuDevice device)
    {
        U4[] numbered = [.. Enumerable.Range(0, Items).Select(Numbered)];
        (U4[] a, U4[] b, U4[] d) = Product();
        yield return Check(device, "mma.m16n8k16, lane layout", MultiplyAddKernel, a, b, d);
        yield return Check(device, "ldmatrix.x4, lane layout", LoadMatricesKernel, numbered, numbered,
            [.. Enumerable.Range(0, Items).Select(lane => Matrices(lane, transposed: false))]);
        yield return Check(device, "ldmatrix.x4.trans, lane layout", LoadTransposedKernel, numbered, numbered,
            [.. Enumerable.Range(0, Items).Select(lane => Matrices(lane, transposed: true))]);
        yield return Check(device, "cp.async, waits and zeros", CopyKernel, numbered, numbered,
            [.. Enumerable.Range(0, Items).Select(lane => CopiedTwice(numbered[Items - 1 - lane], Items - 1 - lane))]);
        yield return Check(device, "cvt.rn.f16x2 and ld.global.nc.v4", HalvesKernel,
            [.. Enumerable.Range(0, Items).Select(lane => new U4 { X = (uint)lane, Y = (uint)(2 * lane + 1), Z = 4097, W = 4099 })],
            numbered, [.. Enumerable.Range(0, Items).Select(lane => new U4 { X = Pair(lane, 2 * lane + 1), Y = Pair(-4096, 4100) })]);
        if (device.SharedMemory >= ManyQuads * 16)
        {
            U4[] sums = [.. Enumerable.Range(0, Items).Select(lane => Summed(numbered[Items - 1 - lane], Items - 1 - lane))];
            yield return Check(device, "64 KB of dynamic shared memory", SharedSumsKernel, numbered, numbered, sums);
        }
    }

    private static DeviceCheck Check(
        IlgpuDevice device, string name, Action<ArrayView<U4>, ArrayView<U4>, ArrayView<U4>> kernel, U4[] first, U4[] second,
        U4[] expected) => new(name, () =>
    {
        U4[] got = Run(device, kernel, first, second);
        for (int lane = 0; lane < Items; lane++)
        {
            if (!got[lane].Equals(expected[lane])) return $"lane {lane} holds {Text(got[lane])}, expected {Text(expected[lane])}";
        }
        return null;
    });

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static U4[] Run(IlgpuDevice device, Action<ArrayView<U4>, ArrayView<U4>, ArrayView<U4>> kernel, U4[] first, U4[] second)
    {
        lock (device.Gate)
        {
            Accelerator accelerator = device.Accelerator;
            accelerator.Bind();
            var found = device.Kernels.Get<Action<AcceleratorStream, KernelConfig, ArrayView<U4>, ArrayView<U4>, ArrayView<U4>>>(kernel);
            using MemoryBuffer1D<U4, Stride1D.Dense> a = accelerator.Allocate1D(first), b = accelerator.Allocate1D(second),
                result = accelerator.Allocate1D<U4>(Items);
            found.Launcher(accelerator.DefaultStream, found.Config(new Index3D(1, 1, 1)), a.View, b.View, result.View);
            accelerator.DefaultStream.Synchronize();
            return result.GetAsArray1D();
        }
    }

    // ---- what the PTX ISA says -------------------------------------------------------------------------------------------------
    /// <summary>A[m,k] = m + k − 8, B[k,n] = k − 2n, C[g,2q] = lane, else 0: fragments and the product's.</summary>
    private static (U4[] A, U4[] B, U4[] D) Product()
    {
        static int A(int m, int k) => m + k - 8;
        static int B(int k, int n) => k - 2 * n;
        static uint Row(int m, int k) => Pair(A(m, k), A(m, k + 1));
        var (a, b, d) = (new U4[Items], new U4[Items], new U4[Items]);
        for (int lane = 0; lane < Items; lane++)
        {
            int g = lane / 4, q = lane % 4;
            uint Sum(int m, int n, int c) => BitConverter.SingleToUInt32Bits(c + Enumerable.Range(0, 16).Sum(k => A(m, k) * B(k, n)));
            a[lane] = new U4 { X = Row(g, 2 * q), Y = Row(g + 8, 2 * q), Z = Row(g, 2 * q + 8), W = Row(g + 8, 2 * q + 8) };
            b[lane] = new U4 { X = Pair(B(2 * q, g), B(2 * q + 1, g)), Y = Pair(B(2 * q + 8, g), B(2 * q + 9, g)) };
            d[lane] = new U4 { X = Sum(g, 2 * q, lane), Y = Sum(g, 2 * q + 1, 0), Z = Sum(g + 8, 2 * q, 0), W = Sum(g + 8, 2 * q + 1, 0) };
        }
        return (a, b, d);
    }

    /// <summary>Eight halves of a row, each its own number.</summary>
    private static U4 Numbered(int row) => new() { X = Two(8 * row), Y = Two(8 * row + 2), Z = Two(8 * row + 4), W = Two(8 * row + 6) };

    private static uint Two(int number) => (uint)number | (uint)(number + 1) << 16;

    private static U4 Matrices(int lane, bool transposed)
    {
        int g = lane / 4, k = 2 * (lane % 4);
        uint Word(int matrix) => transposed ? (uint)(8 * (8 * matrix + k) + g) | (uint)(8 * (8 * matrix + k + 1) + g) << 16
            : Two(8 * (8 * matrix + g) + k);
        return new U4 { X = Word(0), Y = Word(1), Z = Word(2), W = Word(3) };
    }

    private static U4 CopiedTwice(U4 words, int lane)
    {
        int kept = lane % 5;
        return new U4
        {
            X = kept > 0 ? words.X : 0,
            Y = kept > 1 ? words.Y
            : 0,
            Z = (kept > 2 ? words.Z : 0) + words.Z,
            W = (kept > 3 ? words.W : 0) + words.W
        };
    }

    /// <summary>A lane's words, once for each piece that it has filled, and the pieces' numbers.</summary>
    private static U4 Summed(U4 words, int lane)
    {
        const uint pieces = ManyQuads / Items;
        uint numbers = (uint)Enumerable.Range(0, (int)pieces).Sum(piece => piece * Items + lane);
        return new U4 { X = pieces * words.X + numbers, Y = pieces * words.Y, Z = pieces * words.Z, W = pieces * words.W };
    }

    private static uint Pair(int low, int high)
        => BitConverter.HalfToUInt16Bits((System.Half)low) | (uint)BitConverter.HalfToUInt16Bits((System.Half)high) << 16;

    private static string Text(U4 words) => $"{words.X:x8} {words.Y:x8} {words.Z:x8} {words.W:x8}";
}
