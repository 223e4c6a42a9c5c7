using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>What <see cref="FramePreprocessor"/> does, on a device: frames go up as bytes, the pixel values are made
/// there and stay there.</summary>
/// <remarks>
/// Hf and HfTorchvision give the same bits, the others the same sums within float32's rounding. A frame is resampled while the next one is
/// still being decoded. May be used by several threads; they take turns.
/// </remarks>
internal sealed class DevicePreprocessor : IFramePreprocessor, IDisposable
{
    private readonly Lock turn = new();
    private readonly PreprocessPreset preset;
    private readonly int size;
    private readonly ComputeQueue queue;
    private readonly Matrix colours;
    private ResizePlan? plan;
    private DeviceBuffer? rgb;

    /// <param name="size">Side of the tower's input in pixels.</param>
    public DevicePreprocessor(ComputeDevice device, PreprocessPreset preset, int size)
    {
        (this.preset, this.size) = (preset, size);
        queue = device.CreateQueue();
        float[] numbers = Colours(preset);
        colours = device.AllocateMatrix(3, numbers.Length / 3);
        queue.Write(numbers, colours);
        queue.Wait(); // unfinished work that is never waited for would keep others from releasing memory
    }

    public PixelValues Picture(Frame frame) => Fill(1, isClip: false, values => Add(frame, values));

    public PixelValues Clip(IEnumerable<Frame> source, int frames) => Fill(frames, isClip: true, values =>
    {
        int count = 0;
        foreach (Frame frame in source)
        {
            if (count == frames) throw new ArgumentException($"more than {frames} frames came", nameof(source));
            Add(frame, Rows(values, count++));
        }
        if (count != frames) throw new ArgumentException($"{count} of {frames} frames came", nameof(source));
    });

    public PixelValues Join(IReadOnlyList<PixelValues> frames) => Fill(frames.Count, isClip: true, values =>
    {
        for (int i = 0; i < frames.Count; i++) CopyRows.Run(queue, frames[i].OnDevice!.Value, Rows(values, i));
    });

    public void Dispose()
    {
        plan?.Dispose();
        rgb?.Dispose();
        colours.Buffer.Dispose();
        queue.Dispose();
    }

    private PixelValues Fill(int frames, bool isClip, Action<Matrix> fill)
    {
        lock (turn)
        {
            Matrix values = queue.Device.AllocateMatrix(checked(frames * 3 * size), size);
            try
            {
                fill(values);
                return new PixelValues([], frames, size, isClip) { OnDevice = values, MadeBy = queue };
            }
            catch
            {
                values.Buffer.Dispose();
                throw;
            }
        }
    }

    private Matrix Rows(Matrix values, int frame) => values.RowRange(3 * size * frame, 3 * size);

    private void Add(Frame frame, Matrix values)
    {
        queue.Wait(); // for the frame before, long done: its host memory is used again
        if (plan == null || plan.Width != frame.Width || plan.Height != frame.Height)
        {
            plan?.Dispose();
            plan = null;
            plan = new ResizePlan(queue, preset, size, frame);
        }
        if (rgb == null || rgb.Elements < frame.Rgb.Length)
        {
            rgb?.Dispose();
            rgb = null;
            rgb = queue.Device.Allocate(StorageType.U8, frame.Rgb.Length);
        }
        queue.Write(frame.Rgb, rgb);
        plan.Run(queue, rgb, colours, values);
    }

    /// <summary>(3, 256) or (3, 259): what bytes stand for, and what else the preset's resampling wants to know.</summary>
    private static float[] Colours(PreprocessPreset preset)
    {
        if (ResizePlan.IsAntialiased(preset)) return Normalization.NormalizedTable();
        bool before = preset == PreprocessPreset.OriginalVideo;
        float[] table = before ? Normalization.NormalizedTable() : Normalization.UnitTable();
        return [.. Enumerable.Range(0, 3).SelectMany(channel => (float[])[.. table.AsSpan(channel * 256, 256),
            table[channel * 256 + Normalization.Background[channel]], before ? 0 : Normalization.Mean[channel], before ? 1
            : Normalization.Std[channel]])];
    }
}
