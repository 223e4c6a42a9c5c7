using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

internal static unsafe partial class ResampleBytes
{
    private static void Cpu(CpuQueue queue, RgbFrames frames, FixedPointAxis columns, FixedPointAxis rows, Matrix table, Matrix y)
    {
        Axis across = new(columns), down = new(rows);
        using Arena.Scope scope = queue.Scratch.Begin();
        int* scratch = (int*)queue.Scratch.Take(frames.Count * down.Places, across.Count).Cpu();
        queue.Workers.For(new Across(new FramePixels(frames), across, down, scratch), frames.Count * down.Places);
        queue.Workers.For(new Down(scratch, across.Count, down, new CpuRows(table), new CpuRows(y)), frames.Count * down.Count);
    }

    private readonly struct Axis(FixedPointAxis axis)
    {
        public readonly int* Starts = axis.Starts.Cpu(), Weights = axis.Weights.Cpu();
        public readonly int Count = axis.Count, Taps = axis.Taps, Precision = axis.Precision;

        /// <summary>The places that are read: the first one and how many.</summary>
        public readonly int First = axis.First, Places = axis.End - axis.First;

        public int Half => 1 << (Precision - 1);

        public int Byte(int sum) => Math.Clamp(sum >> Precision, 0, 255);
    }

    /// <summary>A line is a source row at the width of the result, red, green and blue in one number.</summary>
    private readonly struct Across(FramePixels frames, Axis columns, Axis rows, int* scratch) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int line = begin; line < end; line++)
            {
                byte* row = frames.Row(line / rows.Places, rows.First + line % rows.Places);
                for (int i = 0; i < columns.Count; i++)
                {
                    byte* pixel = row + columns.Starts[i] * 3;
                    int red = columns.Half, green = columns.Half, blue = columns.Half;
                    for (int tap = i * columns.Taps; tap < (i + 1) * columns.Taps; tap++, pixel += 3)
                    {
                        red += columns.Weights[tap] * pixel[0];
                        green += columns.Weights[tap] * pixel[1];
                        blue += columns.Weights[tap] * pixel[2];
                    }
                    scratch[(long)line * columns.Count + i] = columns.Byte(red) | columns.Byte(green) << 8 | columns.Byte(blue) << 16;
                }
            }
        }
    }

    private readonly struct Down(int* scratch, int width, Axis rows, CpuRows table, CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int frame = item / rows.Count, row = item % rows.Count;
                float* target = y[frame * 3 * rows.Count + row];
                int* line = scratch + ((long)frame * rows.Places + rows.Starts[row] - rows.First) * width;
                for (int i = 0; i < width; i++)
                {
                    for (int channel = 0; channel < 3; channel++)
                    {
                        int sum = rows.Half;
                        for (int tap = 0; tap < rows.Taps; tap++)
                            sum += rows.Weights[row * rows.Taps + tap] * (line[tap * width + i] >> 8 * channel & 255);
                        target[(long)channel * rows.Count * y.Stride + i] = table[channel][rows.Byte(sum)];
                    }
                }
            }
        }
    }
}
