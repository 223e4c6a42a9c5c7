using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>The matrix-matrix product of <see cref="Linear"/> on tensor cores: binary16 factors, float32 sums.</summary>
/// <remarks>
/// z[t,r] = s[t] · Σ_c x[t,c] · W[r,c], then the epilogue;  x (T, C) binary16;  W (R, C) rounded to binary16, its own
/// type in memory;  s (T, 1) float32 or absent.
/// A group makes a square tile of y, <see cref="ITileShape"/>, in steps of 32 columns. Both factors' tiles lie in
/// shared memory several times over:
/// while one is multiplied, the next two or three are on their way. Of a tile a warp makes Strips · 16 rows and 32 columns, in registers.
/// For SiLU·up the 32 are 16 gate rows of W and the 16 up rows of the same outputs.
/// T and R are any, C a multiple of 8 (32 for blocks); what lies outside is zero in the tiles or masked in the end.
/// </remarks>
internal static class LinearTensorTile
{
    private const int StepChunks = 4, Strip = 16, WarpColumns = 32;

    // Floats of a row of a warp's 16 rows in the epilogue; 4 more than its columns, against bank conflicts.
    private const int ScratchRow = WarpColumns + 4;

    public static int Tiles(int count, int size) => (count + size - 1) / size;

    /// <summary>Of shared memory: both factors' tiles of all stages.</summary>
    public static int Bytes(int size, int stages) => 2 * stages * size * StepChunks * 16;

    [Kernel]
    public static void Kernel<TFill, TShape>(WeightView weight, EightsView<Float16> x, MatrixView<Float32> scales,
        MatrixView<Float32> bias, MatrixView<Float32> residual, int activation, ResultView y)
        where TFill : unmanaged, ITileFill where TShape : unmanaged, ITileShape
    {
        TShape shape = default;
        TFill fill = default;
        bool gated = activation == (int)Activation.SiluUp;
        int size = shape.Size;
        int stage = size * StepChunks;
        int last = (shape.Stages - 1) * stage;
        int steps = (x.Columns + 31) / 32;
        int firstRow = Grid.IdxX * size;
        int outputs = gated ? size / 2 : size, firstOutput = Grid.IdxY * outputs;
        ArrayView<U4> tiles = shape.Allocate(2 * shape.Stages * stage);
        ArrayView<U4> tileX = tiles.SubView(0, last + stage);
        ArrayView<U4> tileW = tiles.SubView(last + stage, last + stage);
        TileCopy copyX = TileCopy.Rows(size, x.Stride, x.Columns / 8, firstRow, 0, x.Rows);
        FillPlan plan = fill.Plan(weight, size, firstOutput, gated ? y.Columns : 0, y.Columns);

        Pending pending = fill.Read(weight, plan, 0);
        for (int step = 0; step < shape.Stages - 1; step++)
        {
            copyX.Begin(tileX, step * stage, x.Data, step);
            fill.Put(tileW, step * stage, weight, plan, step, pending);
            pending = fill.Read(weight, plan, step + 1);
            PtxIntrinsics.CommitCopies();
        }

        int lane = Group.IdxX & 31;
        int warp = Group.IdxX >> 5;
        int warpRow = (warp & 1) * shape.Strips * Strip;
        int warpColumn = (warp >> 1) * WarpColumns;
        int placeX = TileCopy.Place(warpRow + (lane & 15), lane >> 4);
        int placeW = TileCopy.Place(warpColumn + (lane & 7) + ((lane >> 4) << 3), lane >> 3 & 1);
        WarpSums sums = default;
        int read = 0, write = last;
        for (int step = 0; step < steps; step++)
        {
            // before the barrier: the compiler moves no load across it, so it is early
            Pending next = fill.Read(weight, plan, step + shape.Stages);
            WaitForStep(shape);
            Group.Barrier(); // this step's tiles are there for all, and all have read those of the last step, which the next copies replace
            copyX.Begin(tileX, write, x.Data, step + shape.Stages - 1); // zeros beyond the last step
            fill.Put(tileW, write, weight, plan, step + shape.Stages - 1, pending);
            pending = next;
            PtxIntrinsics.CommitCopies();
            // Chunks 0 and 1 of the step, then 2 and 3. Written twice: ILGPU unrolls no loop.
            sums = Multiply(sums, shape, tileX, read + placeX, tileW, read + placeW);
            sums = Multiply(sums, shape, tileX, read + (placeX ^ 2), tileW, read + (placeW ^ 2));
            read = read == last ? 0 : read + stage;
            write = write == last ? 0 : write + stage;
        }
        PtxIntrinsics.WaitForAllCopies();
        Group.Barrier(); // the tiles become the warps' scratch

        ArrayView<float> scratch = tileX.Cast<float>();
        int own = warp * Strip * ScratchRow, outputColumn = firstOutput + (gated ? warpColumn / 2 : warpColumn);
        for (int strip = 0; strip < shape.Strips; strip++)
        {
            StripSums rows = strip == 0 ? sums.S0 : strip == 1 ? sums.S1 : strip == 2 ? sums.S2 : sums.S3;
            rows.Store(scratch, own + (lane >> 2) * ScratchRow + 2 * (lane & 3), ScratchRow);
            Warp.Barrier();
            Finish(scratch, own, scales, bias, residual, activation, y, firstRow + warpRow + strip * Strip, outputColumn);
            Warp.Barrier();
        }
    }

    /// <summary>This lane's copies of the step to be multiplied are done, those of the later ones may still be on their way.</summary>
    private static void WaitForStep<TShape>(TShape shape) where TShape : unmanaged, ITileShape
    {
        if (shape.Stages > 3) PtxIntrinsics.WaitForCopiesBut2();
        else PtxIntrinsics.WaitForCopiesBut1();
    }

    /// <summary>A warp's 16 rows from scratch to y, neighbouring lanes at neighbouring columns.</summary>
    private static void Finish(ArrayView<float> scratch, int own, MatrixView<Float32> scales, MatrixView<Float32> bias,
        MatrixView<Float32> residual, int activation, ResultView y, int row, int column)
    {
        bool gated = activation == (int)Activation.SiluUp;
        int shift = gated ? 4 : 5, width = 1 << shift;
        for (int i = Group.IdxX & 31; i < Strip * width; i += 32)
        {
            int r = i >> shift, c = i & width - 1, at = own + r * ScratchRow + c;
            float sum = scratch[at], up = gated ? scratch[at + 16] : 0f;
            if (scales.Rows > 0 && row + r < y.Rows)
            {
                float scale = scales[row + r, 0];
                sum *= scale;
                up *= scale;
            }
            LinearEpilogue.Store(sum, up, bias, residual, activation, y, row + r, column + c);
        }
    }

    /// <summary>16 columns of x times 16 of W.</summary>
    /// <param name="atX">This lane's row of the first strip, as ldmatrix takes it.</param>
    private static WarpSums Multiply<TShape>(WarpSums sums, TShape shape, ArrayView<U4> tileX, int atX, ArrayView<U4> tileW, int atW)
        where TShape : unmanaged, ITileShape
    {
        const int next = Strip * StepChunks;
        U4 left = PtxIntrinsics.LoadMatrices(ref tileW[atW]), right = PtxIntrinsics.LoadMatrices(ref tileW[atW + next]);
        sums.S0 = StripSums.Add(sums.S0, PtxIntrinsics.LoadMatrices(ref tileX[atX]), left, right);
        sums.S1 = StripSums.Add(sums.S1, PtxIntrinsics.LoadMatrices(ref tileX[atX + next]), left, right);
        if (shape.Strips > 2)
        {
            sums.S2 = StripSums.Add(sums.S2, PtxIntrinsics.LoadMatrices(ref tileX[atX + 2 * next]), left, right);
            sums.S3 = StripSums.Add(sums.S3, PtxIntrinsics.LoadMatrices(ref tileX[atX + 3 * next]), left, right);
        }
        return sums;
    }
}
