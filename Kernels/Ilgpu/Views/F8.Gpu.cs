using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>Eight numbers in registers: eight consecutive columns, or eight sums that do not wait for each other.</summary>
/// <remarks>Fields, not an array: ILGPU unrolls no loop, and an array indexed by a variable lies in local memory.</remarks>
internal struct F8
{
    public float X0, X1, X2, X3, X4, X5, X6, X7;

    /// <remarks>One after the other: of a tree of sums LLVM (PoCL) makes vectors of two, and of everything that leads to it.</remarks>
    public readonly float Sum => X0 + X1 + X2 + X3 + X4 + X5 + X6 + X7;

    /// <summary>sum + a · b, number by number.</summary>
    public static F8 Add(F8 sum, F8 a, F8 b)
    {
        sum.X0 += a.X0 * b.X0;
        sum.X1 += a.X1 * b.X1;
        sum.X2 += a.X2 * b.X2;
        sum.X3 += a.X3 * b.X3;
        sum.X4 += a.X4 * b.X4;
        sum.X5 += a.X5 * b.X5;
        sum.X6 += a.X6 * b.X6;
        sum.X7 += a.X7 * b.X7;
        return sum;
    }

    /// <summary>step · v, number by number.</summary>
    public static F8 Scaled(F8 v, float step) => new()
    {
        X0 = v.X0 * step,
        X1 = v.X1 * step,
        X2 = v.X2 * step,
        X3 = v.X3 * step,
        X4 = v.X4 * step,
        X5 = v.X5 * step,
        X6 = v.X6 * step,
        X7 = v.X7 * step,
    };

    /// <summary>step · v − offset, number by number.</summary>
    public static F8 Scaled(F8 v, float step, float offset) => new()
    {
        X0 = v.X0 * step - offset,
        X1 = v.X1 * step - offset,
        X2 = v.X2 * step - offset,
        X3 = v.X3 * step - offset,
        X4 = v.X4 * step - offset,
        X5 = v.X5 * step - offset,
        X6 = v.X6 * step - offset,
        X7 = v.X7 * step - offset,
    };

    public static F8 Of(float number)
        => new() { X0 = number, X1 = number, X2 = number, X3 = number, X4 = number, X5 = number, X6 = number, X7 = number };

    /// <summary>Eight float32 numbers as they lie in memory.</summary>
    public static F8 OfFloats(U4 a, U4 b) => new()
    {
        X0 = Interop.IntAsFloat(a.X),
        X1 = Interop.IntAsFloat(a.Y),
        X2 = Interop.IntAsFloat(a.Z),
        X3 = Interop.IntAsFloat(a.W),
        X4 = Interop.IntAsFloat(b.X),
        X5 = Interop.IntAsFloat(b.Y),
        X6 = Interop.IntAsFloat(b.Z),
        X7 = Interop.IntAsFloat(b.W),
    };

    /// <summary>Eight binary16 numbers as they lie in memory.</summary>
    public static F8 OfHalves(U4 w) => new()
    {
        X0 = DeviceMath.HalfToFloat(w.X),
        X1 = DeviceMath.UpperHalfToFloat(w.X),
        X2 = DeviceMath.HalfToFloat(w.Y),
        X3 = DeviceMath.UpperHalfToFloat(w.Y),
        X4 = DeviceMath.HalfToFloat(w.Z),
        X5 = DeviceMath.UpperHalfToFloat(w.Z),
        X6 = DeviceMath.HalfToFloat(w.W),
        X7 = DeviceMath.UpperHalfToFloat(w.W),
    };

    /// <summary>To eight places of shared memory.</summary>
    public static void Store(F8 v, ArrayView<float> target, int at)
    {
        target[at] = v.X0;
        target[at + 1] = v.X1;
        target[at + 2] = v.X2;
        target[at + 3] = v.X3;
        target[at + 4] = v.X4;
        target[at + 5] = v.X5;
        target[at + 6] = v.X6;
        target[at + 7] = v.X7;
    }

    /// <summary>Eight columns of a row; zeros beyond the last one.</summary>
    public static F8 Load(MatrixView<Float32> x, int row, int column)
    {
        F8 v = default;
        v.X0 = x[row, column];
        if (column + 1 < x.Columns) v.X1 = x[row, column + 1];
        if (column + 2 < x.Columns) v.X2 = x[row, column + 2];
        if (column + 3 < x.Columns) v.X3 = x[row, column + 3];
        if (column + 4 < x.Columns) v.X4 = x[row, column + 4];
        if (column + 5 < x.Columns) v.X5 = x[row, column + 5];
        if (column + 6 < x.Columns) v.X6 = x[row, column + 6];
        if (column + 7 < x.Columns) v.X7 = x[row, column + 7];
        return v;
    }

    /// <summary>To eight columns of a row; those beyond the last are left out.</summary>
    public static void Store(F8 v, MatrixView<Float32> target, int row, int column)
    {
        target[row, column] = v.X0;
        if (column + 1 < target.Columns) target[row, column + 1] = v.X1;
        if (column + 2 < target.Columns) target[row, column + 2] = v.X2;
        if (column + 3 < target.Columns) target[row, column + 3] = v.X3;
        if (column + 4 < target.Columns) target[row, column + 4] = v.X4;
        if (column + 5 < target.Columns) target[row, column + 5] = v.X5;
        if (column + 6 < target.Columns) target[row, column + 6] = v.X6;
        if (column + 7 < target.Columns) target[row, column + 7] = v.X7;
    }
}
