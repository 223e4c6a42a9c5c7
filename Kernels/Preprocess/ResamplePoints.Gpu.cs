using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Preprocess;

internal static partial class ResamplePoints
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one pixel of the result.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, RgbView frames, PointView columns, PointView rows, MatrixView<Float32> colours,
        MatrixView<Float32> y)
    {
        if (item >= y.Rows / 3 * y.Columns) return;
        int column = item % columns.Count, outputRow = item / columns.Count, frame = outputRow / rows.Count, row = outputRow % rows.Count;
        float red = 0, green = 0, blue = 0;
        for (int down = 0; down < rows.Taps; down++)
        {
            int sourceRow = rows.Positions[row * rows.Taps + down];
            float lineRed = 0, lineGreen = 0, lineBlue = 0, weight = rows.Weights[row, down];
            for (int across = 0; across < columns.Taps; across++)
            {
                int place = columns.Positions[column * columns.Taps + across], r = Background, g = Background, b = Background;
                if (sourceRow >= 0 && sourceRow < frames.Height && place >= 0 && place < frames.Width)
                {
                    int at = ((frame * frames.Height + sourceRow) * frames.Width + place) * 3;
                    r = frames.Bytes[at];
                    g = frames.Bytes[at + 1];
                    b = frames.Bytes[at + 2];
                }
                float share = columns.Weights[column, across];
                lineRed += share * colours[0, r];
                lineGreen += share * colours[1, g];
                lineBlue += share * colours[2, b];
            }
            red += weight * lineRed;
            green += weight * lineGreen;
            blue += weight * lineBlue;
        }
        int target = frame * 3 * rows.Count + row;
        y[target, column] = (red - colours[0, Mean]) / colours[0, Deviation];
        y[target + rows.Count, column] = (green - colours[1, Mean]) / colours[1, Deviation];
        y[target + 2 * rows.Count, column] = (blue - colours[2, Mean]) / colours[2, Deviation];
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, RgbFrames frames, PointAxis columns, PointAxis rows, Matrix colours, Matrix y)
        => queue.Launch(Kernel, (long)y.Rows / 3 * y.Columns, frames.Gpu(), columns.Gpu(), rows.Gpu(), colours.Gpu(), y.Gpu());
}
