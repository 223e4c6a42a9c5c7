using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Rotary;

internal static partial class RotaryEmbedding
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pair of a row's head.</summary>
    [Kernel]
    internal static void BackwardKernel(
        Index1D item, MatrixView<Float32> heads, MatrixView<Float32> cos, MatrixView<Float32> sin, ArrayView<int> positions)
    {
        int half = cos.Columns, pairs = heads.Columns / 2;
        if (item >= heads.Rows * pairs) return;
        int row = item / pairs, pair = item % pairs, i = pair % half, column = pair / half * 2 * half + i, position = positions[row];
        float low = heads[row, column], high = heads[row, column + half], c = cos[position, i], s = sin[position, i];
        heads[row, column] = low * c + high * s;
        heads[row, column + half] = high * c - low * s;
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void BackwardGpu(IlgpuQueue queue, Matrix heads, Matrix cos, Matrix sin, IntVector positions)
        => queue.Launch(BackwardKernel, (long)heads.Rows * (heads.Columns / 2), heads.Gpu(), cos.Gpu(), sin.Gpu(), positions.Gpu());
}
