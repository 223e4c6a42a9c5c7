using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

internal static unsafe partial class ResamplePoints
{
    private static void Cpu(CpuQueue queue, RgbFrames frames, PointAxis columns, PointAxis rows, Matrix colours, Matrix y)
        => queue.Workers.For(new Rows(new FramePixels(frames), new Axis(columns), new Axis(rows), new CpuRows(colours), new CpuRows(y)),
            frames.Count * rows.Count);

    private readonly struct Axis(PointAxis axis)
    {
        public readonly int* Positions = axis.Positions.Cpu();
        public readonly float* Weights = axis.Weights.Cpu();
        public readonly int Count = axis.Count, Taps = axis.Taps;
    }

    private readonly struct Rows(FramePixels frames, Axis columns, Axis rows, CpuRows colours, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int frame = item / rows.Count, row = item % rows.Count;
                for (int channel = 0; channel < 3; channel++)
                {
                    float* colour = colours[channel], target = y[(frame * 3 + channel) * rows.Count + row];
                    for (int column = 0; column < columns.Count; column++)
                        target[column] = (Sum(frames.Row(frame, 0) + channel, colour, row, column) - colour[Mean]) / colour[Deviation];
                }
            }
        }

        private float Sum(byte* source, float* colour, int row, int column)
        {
            float sum = 0;
            for (int down = row * rows.Taps; down < (row + 1) * rows.Taps; down++)
            {
                int sourceRow = rows.Positions[down];
                bool outside = (uint)sourceRow >= (uint)frames.Height;
                float line = 0;
                for (int across = column * columns.Taps; across < (column + 1) * columns.Taps; across++)
                {
                    int place = columns.Positions[across];
                    int index = outside || (uint)place >= (uint)frames.Width ? Background
                        : source[((long)sourceRow * frames.Width + place) * 3];
                    line = MathF.FusedMultiplyAdd(columns.Weights[across], colour[index], line);
                }
                sum = MathF.FusedMultiplyAdd(rows.Weights[down], line, sum);
            }
            return sum;
        }
    }
}
