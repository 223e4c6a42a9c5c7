using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>How weights come into a tile of <see cref="LinearTensorTile"/>: halves are copied, other types decoded on the way.</summary>
internal interface ITileFill
{
    /// <param name="first">The tile's first output.</param>
    /// <param name="up">Zero, or the weight's first up row.</param>
    FillPlan Plan(WeightView weight, int size, int first, int up, int outputs);

    /// <summary>What <see cref="Put"/> wants of a step.</summary>
    Pending Read(WeightView weight, FillPlan plan, int step);

    /// <summary>Puts a step's weights into a stage, or begins to.</summary>
    void Put(ArrayView<U4> tile, int stage, WeightView weight, FillPlan plan, int step, Pending pending);
}

/// <summary>An item's share of the filling: rows to copy, or one row to decode.</summary>
internal struct FillPlan
{
    public TileCopy Copy;
    public int Row, Column, Place0, Place1;
}

/// <summary>16 decoded columns, as halves.</summary>
internal struct Pending
{
    public U4 Low, High;
}

/// <summary>Plain halves (<see cref="DeviceHalfRows"/>): copied past the registers.</summary>
internal readonly struct CopiedFill : ITileFill
{
    public FillPlan Plan(WeightView weight, int size, int first, int up, int outputs)
        => new() { Copy = TileCopy.Rows(size, weight.RowWords / 4, weight.RowWords / 4, first, up, outputs) };

    public Pending Read(WeightView weight, FillPlan plan, int step) => default;

    public void Put(ArrayView<U4> tile, int stage, WeightView weight, FillPlan plan, int step, Pending pending)
        => plan.Copy.Begin(tile, stage, weight.Quads, step);
}

/// <summary>Any other type: an item reads 16 columns of one row a step ahead, and rounds them to halves.</summary>
internal readonly struct DecodedFill<TWeights> : ITileFill where TWeights : unmanaged, IDeviceWeights
{
    public FillPlan Plan(WeightView weight, int size, int first, int up, int outputs)
    {
        int row = Group.IdxX >> 1, chunk = (Group.IdxX & 1) * 2, source = TileCopy.Row(row, first, up, outputs);
        // A row that does not exist repeats row 0: its sums are never stored.
        return new FillPlan
        {
            Row = source < 0 ? 0 : source,
            Column = chunk * 8,
            Place0 = TileCopy.Place(row, chunk),
            Place1 = TileCopy.Place(row, chunk + 1)
        };
    }

    /// <remarks>Beyond the last column x is zero, so that any weight will do.</remarks>
    public Pending Read(WeightView weight, FillPlan plan, int step)
    {
        TWeights w = default;
        int column = step * 32 + plan.Column;
        int low = column < weight.Columns ? column : 0;
        int high = column + 8 < weight.Columns ? column + 8 : 0;
        BlockScale scale = w.Scale(weight, plan.Row, low);
        return new Pending { Low = Halves(w.Load(weight, plan.Row, low, scale)), High = Halves(w.Load(weight, plan.Row, high, scale)) };
    }

    public void Put(ArrayView<U4> tile, int stage, WeightView weight, FillPlan plan, int step, Pending pending)
    {
        tile[stage + plan.Place0] = pending.Low;
        tile[stage + plan.Place1] = pending.High;
    }

    private static U4 Halves(F8 eight) => new()
    {
        X = PtxIntrinsics.Halves(eight.X0, eight.X1),
        Y = PtxIntrinsics.Halves(eight.X2, eight.X3),
        Z = PtxIntrinsics.Halves(eight.X4, eight.X5),
        W = PtxIntrinsics.Halves(eight.X6, eight.X7),
    };
}
