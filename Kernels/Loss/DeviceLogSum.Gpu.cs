using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Loss;

/// <summary>log Σ exp of a row inside a kernel.</summary>
internal static class DeviceLogSum
{
    /// <summary>The row's largest number and the logarithm of Σ_v exp(x[row,v] − largest); their sum would lose digits.</summary>
    public static float Row(MatrixView<Float32> x, int row, out float largest)
    {
        largest = float.NegativeInfinity;
        for (int v = 0; v < x.Columns; v++) largest = XMath.Max(largest, x[row, v]);
        var sum = new CompensatedSum();
        for (int v = 0; v < x.Columns; v++) sum.Add(XMath.Exp(x[row, v] - largest));
        return XMath.Log(sum.Total);
    }

    /// <summary>The same by a whole group, each item every items-th number.</summary>
    /// <remarks>Before the shared numbers are written again a barrier has to follow.</remarks>
    /// <param name="numbers">Shared memory, a place an item.</param>
    /// <param name="items">Of the group, a power of two.</param>
    public static float GroupRow(MatrixView<Float32> x, int row, ArrayView<float> numbers, int items, out float largest)
    {
        int item = Group.IdxX;
        float own = float.NegativeInfinity;
        for (int v = item; v < x.Columns; v += items) own = XMath.Max(own, x[row, v]);
        largest = GroupReduce.All<Largest>(numbers, own, items);
        var sum = new CompensatedSum();
        for (int v = item; v < x.Columns; v += items) sum.Add(XMath.Exp(x[row, v] - largest));
        Group.Barrier(); // all have read the largest
        return XMath.Log(GroupReduce.All<Sum>(numbers, sum.Total, items));
    }
}
