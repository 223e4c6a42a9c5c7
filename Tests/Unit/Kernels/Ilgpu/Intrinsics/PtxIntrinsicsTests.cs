using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.Runtime.Cuda;
using Half = System.Half;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Ilgpu.Intrinsics;

/// <summary>Each intrinsic's body on ILGPU's CPU accelerator against its definition, and its text for CUDA. No GPU
/// has confirmed the layouts of fragments.</summary>
[Collection(nameof(Lanes))]
public sealed class PtxIntrinsicsTests(ITestOutputHelper output)
{
    /// <summary>D[m,n] = C[m,n] + Σ_k A[m,k] · B[k,n].</summary>
    private static Expected Product(float c, ReadOnlySpan<Half> a, Func<int, Half> b)
    {
        double value = c, terms = Math.Abs(c);
        for (int k = 0; k < a.Length; k++)
        {
            double term = (double)a[k] * (double)b(k);
            value += term;
            terms += Math.Abs(term);
        }
        return new Expected(value, terms);
    }

    [Theory, InlineData(false), InlineData(true)]
    public void MultiplyAdd_is_a_product_of_matrices_laid_out_as_the_PTX_ISA_says(bool zero)
    {
        var random = new Random(1);
        Half[] a = Halves(random, 16 * 16), b = Halves(random, 16 * 8);
        float[] c = [.. Halves(random, 16 * 8).Select(x => zero ? 0 : (float)x)];
        (U4, F4)[] left = [.. Enumerable.Range(0, 32).Select(lane => (FragmentA(a, 16, lane), FragmentC(c, lane)))];
        U2[] right = [.. Enumerable.Range(0, 32).Select(lane => FragmentB(b, 0, lane))];
        F4[] got = Lanes.Run<U4, U2, F4>(zero ? MultiplyKernel
            : MultiplyAddKernel, [.. left.Select(x => x.Item1), .. left.Select(x => Bits(x.Item2))], right, 32);
        Check(got, (m, n) => Product(c[m * 8 + n], a.AsSpan(m * 16, 16), k => b[k * 8 + n]));
    }

    [Fact]
    public void LoadMatrices_gives_each_lane_two_neighbours_of_a_row()
    {
        U4[] rows = [.. Enumerable.Range(0, 32).Select(Numbered)];
        U4[] got = Lanes.Run<U4, uint, U4>(LoadMatricesKernel, rows, [0], 32);
        for (int lane = 0; lane < 32; lane++)
        {
            int r = lane / 4, k = 2 * (lane % 4);
            Assert.Equal(Words(i => Pair(Element(8 * i + r, k), Element(8 * i + r, k + 1))), got[lane]);
        }
    }

    [Fact]
    public void LoadTransposed_gives_each_lane_two_neighbours_of_a_column()
    {
        U4[] rows = [.. Enumerable.Range(0, 32).Select(Numbered)];
        U4[] got = Lanes.Run<U4, uint, U4>(LoadTransposedKernel, rows, [0], 32);
        for (int lane = 0; lane < 32; lane++)
        {
            int column = lane / 4, k = 2 * (lane % 4);
            Assert.Equal(Words(i => Pair(Element(8 * i + k, column), Element(8 * i + k + 1, column))), got[lane]);
        }
    }

    [Fact]
    public void A_wait_is_for_all_groups_but_so_many()
    {
        U4[] source = [.. Enumerable.Range(0, 128).Select(Numbered)];
        Assert.Equal(source, Lanes.Run<U4, uint, U4>(WaitsKernel, source, [0], 128));
    }

    [Theory, InlineData(1, 1), InlineData(1, 2), InlineData(1, 3), InlineData(99, 0)]
    public void A_weaker_wait_is_a_wrong_result(int weaker, int group)
    {
        U4[] source = [.. Enumerable.Range(0, 128).Select(Numbered)];
        try
        {
            AsyncCopies.Weaker = weaker;
            U4[] got = Lanes.Run<U4, uint, U4>(WaitsKernel, source, [0], 128);
            Assert.NotEqual(source[(32 * group)..(32 * group + 32)], got[(32 * group)..(32 * group + 32)]);
        }
        finally
        {
            AsyncCopies.Weaker = 0;
        }
    }

    [Fact]
    public void CopyOrZero_fills_up_with_zeros()
    {
        U4[] source = [.. Enumerable.Range(0, 32).Select(Numbered)], got = Lanes.Run<U4, int,
            U4>(CopyOrZeroKernel, source, [.. Enumerable.Range(0, 32).Select(i => i % 5 * 4)], 32);
        for (int i = 0; i < 32; i++)
        {
            U4 expected = source[i];
            if (i % 5 < 4) expected.W = 0;
            if (i % 5 < 3) expected.Z = 0;
            if (i % 5 < 2) expected.Y = 0;
            if (i % 5 < 1) expected.X = 0;
            Assert.Equal(expected, got[i]);
        }
    }

    [Fact]
    public void LoadConstant_loads()
    {
        U4[] source = [.. Enumerable.Range(0, 32).Select(Numbered)];
        Assert.Equal(source, Lanes.Run<U4, uint, U4>(LoadConstantKernel, source, [0], 32));
    }

    [Fact]
    public void Halves_are_the_nearest_ties_to_even()
    {
        var random = new Random(2);
        float[] numbers = [0, -0f, 1, 2049, 2051, 65504, 65519.99f, 65520, -70000, float.PositiveInfinity, 5.9604645e-8f, 2.9802322e-8f,
            2.9802326e-8f, 8.9406967e-8f, 6.1e-5f,
            .. Enumerable.Range(0, 1009).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 6))))];
        float[] padded = [.. numbers, .. new float[(64 - numbers.Length % 64) % 64]];
        uint[] got = Lanes.Run<float, uint, uint>(HalvesKernel, padded, [0], padded.Length / 2);
        for (int i = 0; i < padded.Length; i++)
        {
            // The nearest multiple of the unit of the last place that the number has in binary16.
            double magnitude = Math.Abs((double)padded[i]), unit = Math.Pow(2, Math.Max(-14, Math.Floor(Math.Log2(magnitude))) - 10);
            double rounded = magnitude >= 65520 ? double.PositiveInfinity : magnitude == 0 ? 0
                : Math.Round(magnitude / unit, MidpointRounding.ToEven) * unit;
            Half half = BitConverter.UInt16BitsToHalf((ushort)(got[i / 2] >> 16 * (i % 2)));
            Assert.Equal(Math.CopySign(rounded, padded[i]), (double)half);
            Assert.Equal(float.IsNegative(padded[i]), Half.IsNegative(half));
        }
    }

    [Fact]
    public void Copies_matrices_and_products_fit_together()
    {
        const int steps = 5, columns = 16 * steps;
        var random = new Random(3);
        Half[] a = Halves(random, 16 * columns), b = Halves(random, columns * 8);
        U2[] right = [.. Enumerable.Range(0, 32 * steps).Select(i => FragmentB(b, i / 32 * 16, i % 32))];
        F4[] got = Lanes.Run<U4, U2, F4>(ChainKernel, MemoryQuads(a), right, 32);
        Check(got, (m, n) => Product(0, a.AsSpan(m * columns, columns), k => b[k * 8 + n]));
    }

    public static TheoryData<string, string> Instructions => new()
    {
        { nameof(MultiplyAddKernel), "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {" },
        { nameof(MultiplyKernel), "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {" },
        { nameof(LoadMatricesKernel), "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {" },
        { nameof(LoadTransposedKernel), "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {" },
        { nameof(WaitsKernel), "cp.async.cg.shared.global [" },
        { nameof(WaitsKernel), "cp.async.commit_group;" },
        { nameof(WaitsKernel), "cp.async.wait_group 2;" },
        { nameof(WaitsKernel), "cp.async.wait_group 1;" },
        { nameof(WaitsKernel), "cp.async.wait_group 0;" },
        { nameof(CopyOrZeroKernel), "], 16, %r" },
        { nameof(LoadConstantKernel), "ld.global.nc.v4.b32 {" },
        { nameof(HalvesKernel), "cvt.rn.f16x2.f32 %r" },
    };

    [Theory, MemberData(nameof(Instructions))]
    public void The_text_for_CUDA_has_the_instruction(string kernel, string instruction)
    {
        using Context context = Context.Create(builder => PtxIntrinsics.Register(builder.EnableAlgorithms().Optimize(OptimizationLevel.O2)
            .GetIntrinsicManager()));
        using var backend = new PTXBackend(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80,
            CudaInstructionSet.ISA_78, null);
        var entry = EntryPointDescription.FromExplicitlyGroupedKernel(
            typeof(PtxIntrinsicsTests).GetMethod(kernel, System.Reflection.BindingFlags.Static
            | System.Reflection.BindingFlags.NonPublic)!);
        string text = ((PTXCompiledKernel)backend.Compile(entry, default)).PTXAssembly;
        Assert.Contains(instruction, text);
        Assert.DoesNotContain(".local", text);
    }

    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    private static void MultiplyAddKernel(ArrayView<U4> a, ArrayView<U2> b, ArrayView<F4> d)
    {
        int lane = Group.IdxX;
        U4 c = a[32 + lane];
        var sum = new F4
        {
            X = Interop.IntAsFloat(c.X),
            Y = Interop.IntAsFloat(c.Y),
            Z = Interop.IntAsFloat(c.Z),
            W = Interop.IntAsFloat(c.W)
        };
        d[lane] = PtxIntrinsics.MultiplyAdd(sum, a[lane], b[lane]);
    }

    private static void MultiplyKernel(ArrayView<U4> a, ArrayView<U2> b, ArrayView<F4> d)
        => d[Group.IdxX] = PtxIntrinsics.MultiplyAdd(default, a[Group.IdxX], b[Group.IdxX]);

    private static void LoadMatricesKernel(ArrayView<U4> rows, ArrayView<uint> none, ArrayView<U4> result)
    {
        ArrayView<U4> shared = SharedMemory.Allocate<U4>(32);
        shared[Group.IdxX] = rows[Group.IdxX];
        Group.Barrier();
        result[Group.IdxX] = PtxIntrinsics.LoadMatrices(ref shared[Group.IdxX]);
    }

    private static void LoadTransposedKernel(ArrayView<U4> rows, ArrayView<uint> none, ArrayView<U4> result)
    {
        ArrayView<U4> shared = SharedMemory.Allocate<U4>(32);
        shared[Group.IdxX] = rows[Group.IdxX];
        Group.Barrier();
        result[Group.IdxX] = PtxIntrinsics.LoadTransposed(ref shared[Group.IdxX]);
    }

    /// <summary>Four groups of copies; each is read as soon as the first wait that covers it is over.</summary>
    private static void WaitsKernel(ArrayView<U4> source, ArrayView<uint> none, ArrayView<U4> result)
    {
        ArrayView<U4> shared = SharedMemory.Allocate<U4>(128);
        int lane = Group.IdxX;
        for (int i = lane; i < 128; i += 32) shared[i] = default;
        for (int i = lane; i < 128; i += 32)
        {
            PtxIntrinsics.Copy(ref shared[i], ref source[i]);
            PtxIntrinsics.CommitCopies();
        }
        PtxIntrinsics.WaitForCopiesBut2();
        result[lane] = shared[lane];
        result[32 + lane] = shared[32 + lane];
        PtxIntrinsics.WaitForCopiesBut1();
        result[64 + lane] = shared[64 + lane];
        PtxIntrinsics.WaitForAllCopies();
        result[96 + lane] = shared[96 + lane];
    }

    private static void CopyOrZeroKernel(ArrayView<U4> source, ArrayView<int> bytes, ArrayView<U4> result)
    {
        ArrayView<U4> shared = SharedMemory.Allocate<U4>(32);
        int lane = Group.IdxX;
        PtxIntrinsics.CopyOrZero(ref shared[lane], ref source[lane], bytes[lane]);
        PtxIntrinsics.CommitCopies();
        PtxIntrinsics.WaitForAllCopies();
        result[lane] = shared[lane];
    }

    private static void LoadConstantKernel(ArrayView<U4> source, ArrayView<uint> none, ArrayView<U4> result)
        => result[Group.IdxX] = PtxIntrinsics.LoadConstant(ref source[Group.IdxX]);

    private static void HalvesKernel(ArrayView<float> numbers, ArrayView<uint> none, ArrayView<uint> result)
    {
        for (int i = Group.IdxX; 2 * i < numbers.IntLength; i += 32) result[i] = PtxIntrinsics.Halves(numbers[2 * i], numbers[2 * i + 1]);
    }

    /// <summary>D (16, 8) = A (16, 16 n), row-major halves, times B in fragments.</summary>
    private static void ChainKernel(ArrayView<U4> a, ArrayView<U2> b, ArrayView<F4> d)
    {
        ArrayView<U4> shared = SharedMemory.Allocate<U4>(32);
        int lane = Group.IdxX, steps = b.IntLength / 32;
        F4 sum = default;
        for (int k = 0; k < steps; k++)
        {
            PtxIntrinsics.Copy(ref shared[lane], ref a[(lane >> 1) * 2 * steps + 2 * k + (lane & 1)]);
            PtxIntrinsics.CommitCopies();
            PtxIntrinsics.WaitForAllCopies();
            Group.Barrier();
            sum = PtxIntrinsics.MultiplyAdd(sum, PtxIntrinsics.LoadMatrices(ref shared[(lane & 15) * 2 + (lane >> 4)]), b[k * 32 + lane]);
            Group.Barrier();
        }
        d[lane] = sum;
    }

    // ---- operands --------------------------------------------------------------------------------------------------------------
    private void Check(F4[] fragments, Func<int, int, Expected> expected)
    {
        var got = new float[128];
        for (int lane = 0; lane < 32; lane++)
        {
            int m = lane / 4, n = 2 * (lane % 4);
            (got[m * 8 + n], got[m * 8 + n + 1]) = (fragments[lane].X, fragments[lane].Y);
            (got[(m + 8) * 8 + n], got[(m + 8) * 8 + n + 1]) = (fragments[lane].Z, fragments[lane].W);
        }
        Expected.Check(output, "product", got, [.. Enumerable.Range(0, 128).Select(i => expected(i / 8, i % 8))]);
    }

    private static Half[] Halves(Random random, int count)
        => [.. Enumerable.Range(0, count).Select(_ => (Half)(random.NextDouble() * 2 - 1))];

    private static U4 FragmentA(Half[] a, int columns, int lane)
    {
        int g = lane / 4, q = 2 * (lane % 4);
        uint at(int m, int k) => Pair(a[m * columns + k], a[m * columns + k + 1]);
        return new U4 { X = at(g, q), Y = at(g + 8, q), Z = at(g, q + 8), W = at(g + 8, q + 8) };
    }

    private static U2 FragmentB(Half[] b, int firstRow, int lane)
    {
        int n = lane / 4, k = firstRow + 2 * (lane % 4);
        uint at(int row) => Pair(b[row * 8 + n], b[(row + 1) * 8 + n]);
        return new U2 { X = at(k), Y = at(k + 8) };
    }

    private static F4 FragmentC(float[] c, int lane)
    {
        int m = lane / 4, n = 2 * (lane % 4);
        return new F4 { X = c[m * 8 + n], Y = c[m * 8 + n + 1], Z = c[(m + 8) * 8 + n], W = c[(m + 8) * 8 + n + 1] };
    }

    private static U4 Bits(F4 f) => Words(i => BitConverter.SingleToUInt32Bits(i switch { 0 => f.X, 1 => f.Y, 2 => f.Z, _ => f.W }));

    private static U4[] MemoryQuads(Half[] halves) => System.Runtime.InteropServices.MemoryMarshal.Cast<Half, U4>(halves).ToArray();

    private static uint Pair(Half low, Half high) => BitConverter.HalfToUInt16Bits(low) | (uint)BitConverter.HalfToUInt16Bits(high) << 16;

    /// <summary>Eight halves that say where they stand.</summary>
    private static U4 Numbered(int row) => Words(i => Pair(Element(row, 2 * i), Element(row, 2 * i + 1)));

    private static Half Element(int row, int column) => (Half)(1 + row * 8 + column);

    private static U4 Words(Func<int, uint> word) => new() { X = word(0), Y = word(1), Z = word(2), W = word(3) };
}
