using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels;

/// <summary>log Σ exp of a row inside a kernel.</summary>
internal static class DeviceLogSum
{
    /// <summary>The row's largest number and the logarithm of Σ_v exp(x[row,v] − largest); their sum would lose digits.</summary>
    public static float Row(MatrixView x, int row, out float largest)
    {
        largest = float.NegativeInfinity;
        for (int v = 0; v < x.Columns; v++) largest = XMath.Max(largest, x[row, v]);
        var sum = new CompensatedSum();
        for (int v = 0; v < x.Columns; v++) sum.Add(XMath.Exp(x[row, v] - largest));
        return XMath.Log(sum.Total);
    }
}
