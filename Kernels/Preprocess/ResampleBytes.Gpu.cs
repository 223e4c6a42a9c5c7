using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Preprocess;

internal static partial class ResampleBytes
{
    // ---- kernels ---------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pixel of a line: a source row at the width of the result, red, green and blue in one number.</summary>
    /// <param name="first">The source row of line 0.</param>
    /// <param name="lines">(frames, rows that the result needs, columns)</param>
    [Kernel]
    internal static void AcrossKernel(Index1D item, RgbView frames, FixedPointView columns, int first, int rows, ArrayView<int> lines)
    {
        if (item >= frames.Count * rows * columns.Count) return;
        int column = item % columns.Count, line = item / columns.Count;
        int row = line / rows * frames.Height + first + line % rows;
        int at = (row * frames.Width + columns.Starts[column]) * 3, tap = column * columns.Taps;
        int red = columns.Half, green = columns.Half, blue = columns.Half;
        for (int end = tap + columns.Taps; tap < end; tap++)
        {
            int weight = columns.Weights[tap];
            red += weight * frames.Bytes[at];
            green += weight * frames.Bytes[at + 1];
            blue += weight * frames.Bytes[at + 2];
            at += 3;
        }
        lines[item] = columns.Byte(red) | columns.Byte(green) << 8 | columns.Byte(blue) << 16;
    }

    /// <summary>One item is one pixel of the result.</summary>
    [Kernel]
    internal static void DownKernel(Index1D item, ArrayView<int> lines, FixedPointView rows, int first, int lineCount,
        MatrixView<Float32> table, MatrixView<Float32> y)
    {
        if (item >= y.Rows / 3 * y.Columns) return;
        int column = item % y.Columns, outputRow = item / y.Columns, frame = outputRow / rows.Count, row = outputRow % rows.Count;
        int at = (frame * lineCount + rows.Starts[row] - first) * y.Columns + column, tap = row * rows.Taps;
        int red = rows.Half, green = rows.Half, blue = rows.Half;
        for (int end = tap + rows.Taps; tap < end; tap++)
        {
            int weight = rows.Weights[tap], pixel = lines[at];
            red += weight * (pixel & 255);
            green += weight * (pixel >> 8 & 255);
            blue += weight * (pixel >> 16 & 255);
            at += y.Columns;
        }
        int target = frame * 3 * rows.Count + row;
        y[target, column] = table[0, rows.Byte(red)];
        y[target + rows.Count, column] = table[1, rows.Byte(green)];
        y[target + 2 * rows.Count, column] = table[2, rows.Byte(blue)];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, RgbFrames frames, FixedPointAxis columns, FixedPointAxis rows, Matrix table, Matrix y)
    {
        int lineCount = rows.End - rows.First;
        using Arena.Scope scope = queue.Scratch.Begin();
        Matrix scratch = queue.Scratch.Take(checked(frames.Count * lineCount), columns.Count);
        int pixels = checked(scratch.Rows * scratch.Columns);
        ArrayView<int> lines = IlgpuViews.View<int>(scratch.Buffer, 0, Math.Max(1, pixels));
        queue.Launch(AcrossKernel, pixels, frames.Gpu(), columns.Gpu(), rows.First, lineCount, lines);
        queue.Launch(DownKernel, (long)y.Rows / 3 * y.Columns, lines, rows.Gpu(), rows.First, lineCount, table.Gpu(), y.Gpu());
    }
}
