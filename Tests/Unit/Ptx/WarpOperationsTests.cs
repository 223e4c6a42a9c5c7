namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>Copies, shuffles and matrices against their definitions.</summary>
public sealed class WarpOperationsTests
{
    /// <summary>A copy is done at the wait: what was written to its source in between is copied, the rest is zeros.</summary>
    [Fact]
    public void A_copy_is_as_late_as_its_wait()
    {
        uint[] y = PtxProgram.Run("""
            setp.ne.s32 %p1, %r1, 0;
            @%p1 bra DONE;
            mov.b64 %rd7, s;
            add.u64 %rd8, %rd7, 16;
            cp.async.cg.shared.global [%rd7], [%rd2], 16, 8;
            cp.async.commit_group;
            cp.async.cg.shared.global [%rd8], [%rd2], 16;
            cp.async.commit_group;
            st.global.v4.b32 [%rd2], {1, 2, 3, 4};
            cp.async.wait_group 1;
            ld.shared.v4.b32 {%r2, %r3, %r4, %r5}, [%rd7];
            st.global.v4.b32 [%rd2], {5, 6, 7, 8};
            cp.async.wait_group 0;
            ld.shared.v4.b32 {%r6, %r7, %r8, %r9}, [%rd8];
            st.global.v4.b32 [%rd2+16], {%r2, %r3, %r4, %r5};
            st.global.v4.b32 [%rd2+32], {%r6, %r7, %r8, %r9};
            DONE:
            """);
        Assert.Equal([5u, 6, 7, 8, 1, 2, 0, 0, 5, 6, 7, 8], y.Take(12));
    }

    /// <summary>c is the clamp, and where segments begin in bits 8 to 12 (PTX ISA, "shfl.sync").</summary>
    [Theory]
    [InlineData("bfly", 5, 31)]
    [InlineData("idx", 3, 31)]
    [InlineData("down", 3, 31)]
    [InlineData("up", 3, 0)]
    [InlineData("down", 3, 0x181f)]
    [InlineData("idx", 11, 0x181f)]
    public void Shuffles(string mode, int b, int c)
    {
        uint[] y = PtxProgram.Run($"shfl.sync.{mode}.b32 %r2, %r1, {b}, {c}, -1;\nst.global.b32 [%rd4], %r2;");
        int width = c >> 8 == 0 ? 32 : 8;
        for (int lane = 0; lane < 32; lane++)
        {
            int first = lane / width * width, source = mode switch
            {
                "bfly" => lane ^ b,
                "idx" => first + b % width,
                "down" => lane + b < first + width ? lane + b : lane,
                _ => lane - b >= first ? lane - b : lane,
            };
            Assert.Equal((uint)source, y[lane]);
        }
    }

    private static uint Word(float low, float high)
        => BitConverter.HalfToUInt16Bits((Half)low) | (uint)BitConverter.HalfToUInt16Bits((Half)high) << 16;

    /// <summary>Rows of A (16, 16) and of B transposed (8, 16) lie in x; ldmatrix brings them into their fragments.</summary>
    [Fact]
    public void Matrices_are_multiplied()
    {
        var random = new Random(7);
        float[] a = [.. Enumerable.Range(0, 256).Select(_ => (float)random.Next(-9, 10))];
        float[] transposed = [.. Enumerable.Range(0, 128).Select(_ => (float)random.Next(-9, 10))];
        uint[] x = [.. a.Concat(transposed).Chunk(2).Select(pair => Word(pair[0], pair[1])), .. new uint[64]];
        uint[] y = PtxProgram.Run(Product, x);
        for (int lane = 0; lane < 32; lane++)
        {
            // Each lane stores the sum of two of its four results with weights that tell them apart.
            float expected = 0;
            for (int i = 0; i < 4; i++)
            {
                int row = lane / 4 + (i < 2 ? 0 : 8), column = lane % 4 * 2 + i % 2;
                float sum = row - column; // C
                for (int k = 0; k < 16; k++) sum += a[row * 16 + k] * transposed[column * 16 + k];
                expected = expected * 4 + sum;
            }
            Assert.Equal(expected, BitConverter.UInt32BitsToSingle(y[lane]));
        }
    }

    private const string Product = """
        // 192 words into shared memory, six by each lane
        mul.wide.u32 %rd6, %r1, 24;
        mov.b64 %rd7, s;
        add.u64 %rd8, %rd7, %rd6;
        add.u64 %rd9, %rd1, %rd6;
        ld.global.v2.b32 {%r2, %r3}, [%rd9];
        ld.global.v2.b32 {%r4, %r5}, [%rd9+8];
        ld.global.v2.b32 {%r6, %r7}, [%rd9+16];
        st.shared.v2.b32 [%rd8], {%r2, %r3};
        st.shared.v2.b32 [%rd8+8], {%r4, %r5};
        st.shared.v2.b32 [%rd8+16], {%r6, %r7};
        bar.warp.sync -1;
        // lane l passes row l % 16 of A, its half l / 16
        and.b32 %r8, %r1, 15;
        shr.u32 %r9, %r1, 4;
        mul.wide.u32 %rd10, %r8, 32;
        mul.wide.u32 %rd11, %r9, 16;
        add.u64 %rd10, %rd10, %rd11;
        add.u64 %rd10, %rd10, %rd7;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r10, %r11, %r12, %r13}, [%rd10];
        // and row l % 8 of B transposed, its half l / 8 % 2
        and.b32 %r8, %r1, 7;
        shr.u32 %r9, %r1, 3;
        and.b32 %r9, %r9, 1;
        mul.wide.u32 %rd10, %r8, 32;
        mul.wide.u32 %rd11, %r9, 16;
        add.u64 %rd10, %rd10, %rd11;
        add.u64 %rd10, %rd10, %rd7;
        ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r14, %r15, %r16, %r17}, [%rd10+512];
        // C[row, column] = row - column
        shr.u32 %r18, %r1, 2;
        and.b32 %r19, %r1, 3;
        shl.b32 %r19, %r19, 1;
        sub.s32 %r20, %r18, %r19;
        cvt.rn.f32.s32 %f1, %r20;
        add.f32 %f2, %f1, 0fBF800000;
        add.f32 %f3, %f1, 0f41000000;
        add.f32 %f4, %f2, 0f41000000;
        mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f1, %f2, %f3, %f4}, {%r10, %r11, %r12, %r13}, {%r14, %r15}, {%f1, %f2, %f3, %f4};
        fma.rn.f32 %f2, %f1, 0f40800000, %f2;
        fma.rn.f32 %f3, %f2, 0f40800000, %f3;
        fma.rn.f32 %f4, %f3, 0f40800000, %f4;
        st.global.f32 [%rd4], %f4;
        """;

    /// <summary>With .trans a lane gets of each matrix the elements below each other that it would get beside each other of the
    /// transpose.</summary>
    [Theory, InlineData(""), InlineData(".trans")]
    public void Matrices_are_spread_over_the_lanes(string transposed)
    {
        uint[] x = [.. Enumerable.Range(0, 128).Select(i => (uint)(2 * i | 2 * i + 1 << 16))];
        uint[] y = PtxProgram.Run($$"""
            mul.wide.u32 %rd6, %r1, 16;
            mov.b64 %rd7, s;
            add.u64 %rd7, %rd7, %rd6;
            add.u64 %rd8, %rd1, %rd6;
            ld.global.v4.b32 {%r2, %r3, %r4, %r5}, [%rd8];
            st.shared.v4.b32 [%rd7], {%r2, %r3, %r4, %r5};
            bar.warp.sync -1;
            ldmatrix.sync.aligned.m8n8.x4{{transposed}}.shared.b16 {%r6, %r7, %r8, %r9}, [%rd7];
            sub.s32 %r10, %r9, %r6;
            add.u64 %rd9, %rd4, 128;
            st.global.b32 [%rd4], %r6;
            st.global.b32 [%rd9], %r10;
            """, x);
        for (int lane = 0; lane < 32; lane++)
        {
            int line = lane / 4, place = lane % 4 * 2;
            int low = transposed == "" ? line * 8 + place : place * 8 + line, high = transposed == "" ? low + 1 : low + 8;
            Assert.Equal((uint)(low | high << 16), y[lane]);
            Assert.Equal(192u | 192u << 16, y[32 + lane]); // matrix 3 follows 192 elements later
        }
    }
}
