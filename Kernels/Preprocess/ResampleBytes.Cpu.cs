using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

public static unsafe partial class ResampleBytes
{
    private static void Cpu(CpuQueue queue, RgbFrames frames, FixedPointAxis columns, FixedPointAxis rows, Matrix table, Matrix y)
    {
        int lines = rows.End - rows.First;
        using Arena.Scope scope = queue.Scratch.Begin();
        int* scratch = (int*)queue.Scratch.Take(frames.Count * lines, columns.Count).Cpu();
        byte* rgb = (byte*)((CpuBuffer)frames.Buffer).Address;
        queue.Workers.For(new Across(rgb, frames.Height, frames.Width, rows.First, lines, new Axis(columns), scratch),
            frames.Count * lines);
        queue.Workers.For(new Down(scratch, columns.Count, rows.First, lines, new Axis(rows), table.Cpu(), table.Stride, y.Cpu(),
            y.Stride), frames.Count * rows.Count);
    }

    private readonly struct Axis(FixedPointAxis axis)
    {
        public readonly int* Starts = axis.Starts.Cpu(), Weights = axis.Weights.Cpu();
        public readonly int Count = axis.Count, Taps = axis.Taps, Precision = axis.Precision;

        public int Half => 1 << (Precision - 1);

        public int Byte(int sum) => Math.Clamp(sum >> Precision, 0, 255);
    }

    /// <summary>A line is a source row at the width of the result, red, green and blue in one number.</summary>
    private readonly struct Across(byte* rgb, int height, int width, int first, int lines, Axis columns, int* scratch) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int line = begin; line < end; line++)
            {
                byte* row = rgb + ((long)(line / lines) * height + first + line % lines) * width * 3;
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

    private readonly struct Down(int* scratch, int width, int first, int lines, Axis rows, float* table, int strideT, float* y,
        int strideY) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int item = begin; item < end; item++)
            {
                int frame = item / rows.Count, row = item % rows.Count;
                float* target = y + ((long)frame * 3 * rows.Count + row) * strideY;
                int* line = scratch + ((long)frame * lines + rows.Starts[row] - first) * width;
                for (int i = 0; i < width; i++)
                {
                    for (int channel = 0; channel < 3; channel++)
                    {
                        int sum = rows.Half;
                        for (int tap = 0; tap < rows.Taps; tap++)
                            sum += rows.Weights[row * rows.Taps + tap] * (line[tap * width + i] >> 8 * channel & 255);
                        target[(long)channel * rows.Count * strideY + i] = table[channel * strideT + rows.Byte(sum)];
                    }
                }
            }
        }
    }
}
