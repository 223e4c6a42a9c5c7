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
/// For SiLU·up these 32 are 16 gate rows of W and the 16 up rows of the same outputs.
/// T and R are any, C a multiple of 8 (32 for blocks); what lies outside is zero in the tiles or masked in the end.
/// The phases have CUTLASS's names: prologue, main loop, epilogue.
/// </remarks>
internal static class LinearTensorTile
{
    /// <summary>Columns of a step, and chunks of 16 bytes that a row of a step is.</summary>
    private const int StepColumns = 32, StepChunks = StepColumns / 8;

    // Rows of a strip, which is as high as a fragment, and columns of a warp.
    private const int StripRows = 16, WarpColumns = 32;

    // Floats of a row of a warp's strip in the epilogue; 4 more than its columns, against bank conflicts.
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
        int stageChunks = size * StepChunks;
        int lastStage = (shape.Stages - 1) * stageChunks;
        int steps = (x.Columns + (StepColumns - 1)) / StepColumns;
        int firstRow = Grid.IdxX * size;
        int outputs = gated ? size / 2 : size, firstOutput = Grid.IdxY * outputs;
        ArrayView<U4> tiles = shape.Allocate(2 * shape.Stages * stageChunks);
        ArrayView<U4> tileX = tiles.SubView(0, lastStage + stageChunks);
        ArrayView<U4> tileW = tiles.SubView(lastStage + stageChunks, lastStage + stageChunks);
        TileCopy copyX = TileCopy.Rows(size, x.Stride, x.Columns / 8, firstRow, 0, x.Rows);
        FillPlan plan = fill.Plan(weight, size, firstOutput, gated ? y.Columns : 0, y.Columns);

        // ---- prologue: the copies of every stage but the last begin
        Pending pending = fill.Read(weight, plan, 0);
        for (int step = 0; step < shape.Stages - 1; step++)
        {
            copyX.Begin(tileX, step * stageChunks, x.Data, step);
            fill.Put(tileW, step * stageChunks, weight, plan, step, pending);
            pending = fill.Read(weight, plan, step + 1);
            PtxIntrinsics.CommitCopies();
        }

        // ---- main loop: one step is multiplied while the copies of the next ones are on their way
        int lane = Group.IdxX & 31;
        int warp = Group.IdxX >> 5;
        int warpRow = (warp & 1) * shape.Strips * StripRows;
        int warpColumn = (warp >> 1) * WarpColumns;
        int laneX = TileCopy.Place(warpRow + (lane & 15), lane >> 4);
        int laneW = TileCopy.Place(warpColumn + (lane & 7) + ((lane >> 4) << 3), lane >> 3 & 1);
        WarpSums sums = default;
        int readStage = 0, writeStage = lastStage;
        for (int step = 0; step < steps; step++)
        {
            // before the barrier: the compiler moves no load across it, so it is early
            Pending next = fill.Read(weight, plan, step + shape.Stages);
            WaitForStep(shape);
            Group.Barrier(); // this step's tiles are there for all, and all have read those of the last step, which the next copies replace
            copyX.Begin(tileX, writeStage, x.Data, step + shape.Stages - 1); // zeros beyond the last step
            fill.Put(tileW, writeStage, weight, plan, step + shape.Stages - 1, pending);
            pending = next;
            PtxIntrinsics.CommitCopies();
            // Chunks 0 and 1 of the step, then 2 and 3. Written twice: ILGPU unrolls no loop.
            sums = Multiply(sums, shape, tileX, readStage + laneX, tileW, readStage + laneW);
            sums = Multiply(sums, shape, tileX, readStage + (laneX ^ 2), tileW, readStage + (laneW ^ 2));
            readStage = readStage == lastStage ? 0 : readStage + stageChunks;
            writeStage = writeStage == lastStage ? 0 : writeStage + stageChunks;
        }
        PtxIntrinsics.WaitForAllCopies();
        Group.Barrier(); // the tiles become the warps' scratch

        // ---- epilogue: strip by strip from registers to scratch, and from there to y
        ArrayView<float> scratch = tileX.Cast<float>();
        int warpScratch = warp * StripRows * ScratchRow, outputColumn = firstOutput + (gated ? warpColumn / 2 : warpColumn);
        for (int strip = 0; strip < shape.Strips; strip++)
        {
            StripSums rows = strip == 0 ? sums.S0 : strip == 1 ? sums.S1 : strip == 2 ? sums.S2 : sums.S3;
            rows.Store(scratch, warpScratch + (lane >> 2) * ScratchRow + 2 * (lane & 3), ScratchRow);
            Warp.Barrier();
            StoreStrip(scratch, warpScratch, scales, bias, residual, activation, y, firstRow + warpRow + strip * StripRows, outputColumn);
            Warp.Barrier();
        }
    }

    /// <summary>This lane's copies of the step to be multiplied are done, those of the later ones may still be on their way.</summary>
    private static void WaitForStep<TShape>(TShape shape) where TShape : unmanaged, ITileShape
    {
        if (shape.Stages > 3) PtxIntrinsics.WaitForCopiesBut2();
        else PtxIntrinsics.WaitForCopiesBut1();
    }

    /// <summary>A warp's strip from scratch to y, neighbouring lanes at neighbouring columns.</summary>
    /// <param name="warpScratch">Where the warp's scratch begins.</param>
    /// <param name="firstRow">Of the strip in y; and its first column.</param>
    private static void StoreStrip(ArrayView<float> scratch, int warpScratch, MatrixView<Float32> scales, MatrixView<Float32> bias,
        MatrixView<Float32> residual, int activation, ResultView y, int firstRow, int firstColumn)
    {
        bool gated = activation == (int)Activation.SiluUp;
        int shift = gated ? 4 : 5, width = 1 << shift;
        for (int i = Group.IdxX & 31; i < StripRows * width; i += 32)
        {
            int row = i >> shift, column = i & width - 1, at = warpScratch + row * ScratchRow + column;
            float sum = scratch[at], up = gated ? scratch[at + 16] : 0f;
            if (scales.Rows > 0 && firstRow + row < y.Rows)
            {
                float scale = scales[firstRow + row, 0];
                sum *= scale;
                up *= scale;
            }
            LinearEpilogue.Store(sum, up, bias, residual, activation, y, firstRow + row, firstColumn + column);
        }
    }

    /// <summary>16 columns of x times 16 of W.</summary>
    /// <param name="atX">This lane's row of x in the first strip, as ldmatrix takes it.</param>
    /// <param name="atW">This lane's row of W in the first 16.</param>
    private static WarpSums Multiply<TShape>(WarpSums sums, TShape shape, ArrayView<U4> tileX, int atX, ArrayView<U4> tileW, int atW)
        where TShape : unmanaged, ITileShape
    {
        const int strip = StripRows * StepChunks;
        U4 left = PtxIntrinsics.LoadMatrices(ref tileW[atW]), right = PtxIntrinsics.LoadMatrices(ref tileW[atW + strip]);
        sums.S0 = StripSums.Add(sums.S0, PtxIntrinsics.LoadMatrices(ref tileX[atX]), left, right);
        sums.S1 = StripSums.Add(sums.S1, PtxIntrinsics.LoadMatrices(ref tileX[atX + strip]), left, right);
        if (shape.Strips > 2)
        {
            sums.S2 = StripSums.Add(sums.S2, PtxIntrinsics.LoadMatrices(ref tileX[atX + 2 * strip]), left, right);
            sums.S3 = StripSums.Add(sums.S3, PtxIntrinsics.LoadMatrices(ref tileX[atX + 3 * strip]), left, right);
        }
        return sums;
    }
}
