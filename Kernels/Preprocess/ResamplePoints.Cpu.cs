using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

public static unsafe partial class ResamplePoints
{
    private static void Cpu(CpuQueue queue, RgbFrames frames, PointAxis columns, PointAxis rows, Matrix colours, Matrix y)
        => queue.Workers.For(new Rows((byte*)((CpuBuffer)frames.Buffer).Address, frames.Height, frames.Width, new Axis(columns),
            new Axis(rows),
                colours.Cpu(), colours.Stride, y.Cpu(), y.Stride), frames.Count * rows.Count);

    private readonly struct Axis(PointAxis axis)
    {
        public readonly int* Positions = axis.Positions.Cpu();
        public readonly float* Weights = axis.Weights.Cpu();
        public readonly int Count = axis.Count, Taps = axis.Taps;
    }

    private readonly struct Rows(byte* rgb, int height, int width, Axis columns, Axis rows, float* colours, int strideC, float* y,
        int strideY) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int frame = item / rows.Count, row = item % rows.Count;
                for (int channel = 0; channel < 3; channel++)
                {
                    float* colour = colours + channel * strideC, target = y + ((long)(frame * 3 + channel) * rows.Count + row) * strideY;
                    for (int column = 0; column < columns.Count; column++)
                        target[column] = (Sum(rgb + (long)frame * height * width * 3 + channel, colour, row,
                            column) - colour[Mean]) / colour[Deviation];
                }
            }
        }

        private float Sum(byte* source, float* colour, int row, int column)
        {
            float sum = 0;
            for (int down = row * rows.Taps; down < (row + 1) * rows.Taps; down++)
            {
                int sourceRow = rows.Positions[down];
                bool outside = (uint)sourceRow >= (uint)height;
                float line = 0;
                for (int across = column * columns.Taps; across < (column + 1) * columns.Taps; across++)
                {
                    int place = columns.Positions[across];
                    int index = outside || (uint)place >= (uint)width ? Background : source[((long)sourceRow * width + place) * 3];
                    line = MathF.FusedMultiplyAdd(columns.Weights[across], colour[index], line);
                }
                sum = MathF.FusedMultiplyAdd(rows.Weights[down], line, sum);
            }
            return sum;
        }
    }
}
