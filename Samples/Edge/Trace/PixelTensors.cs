using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>Pixel values as the references store them, to and from ours.</summary>
/// <remarks>Original: picture (3, S, S), clip (3, T, S, S), channel first.  -hf: pictures (N, 3, S, S), clips (V, T,
/// 3, S, S), frame first as ours.</remarks>
public static class PixelTensors
{
    /// <summary>The pictures and clips in a tensor.</summary>
    /// <exception cref="BadInputException">Its shape means neither.</exception>
    internal static IEnumerable<PixelValues> Read(HostTensor tensor, ModelVariant variant)
    {
        IReadOnlyList<long> shape = tensor.Shape;
        int rank = shape.Count, pictureRank = variant == ModelVariant.Original ? 3 : 4;
        if (rank != pictureRank && rank != pictureRank + 1) throw Unfit("it has another number of axes");
        bool clip = rank == pictureRank + 1;
        if (shape[^1] != shape[^2] || shape[^1] is < 1 or > 8192 || shape[variant == ModelVariant.Original ? 0 : rank - 3] != 3)
            throw Unfit("3 channels and equal sides are wanted");
        if (tensor.Type is not (StorageType.F32 or StorageType.F16 or StorageType.BF16)) throw Unfit("they are no floating-point numbers");
        if (tensor.Elements is 0 or > int.MaxValue) throw Unfit("none, or too many");
        float[] values = tensor.ToFloats();
        int size = (int)shape[^1], frames = !clip ? 1 : (int)shape[1], count = variant == ModelVariant.Original ? 1 : (int)shape[0];
        if (variant == ModelVariant.Original)
            return [new PixelValues(clip ? SwapFirstAxes(values, 3, frames) : values, frames, size, clip)];
        int each = values.Length / Math.Max(1, count);
        return Enumerable.Range(0, count).Select(i => new PixelValues(values[(i * each)..((i + 1) * each)], frames, size, clip));

        BadInputException Unfit(string why) => new($"{tensor} are no pixel values: {why}; "
            + (variant == ModelVariant.Original ? "original checkpoints take a picture [3, S, S] or a clip [3, frames, S, S]"
            : "-hf checkpoints take pictures [N, 3, S, S] or clips [N, frames, 3, S, S]"));
    }

    /// <summary>Adds the pixel values under the reference's names, as far as one rectangular tensor holds them.</summary>
    public static void AddTo(TraceFile trace, IReadOnlyList<PixelValues> visuals, ModelVariant variant)
    {
        if (variant == ModelVariant.Original)
        {
            if (visuals is not [PixelValues one]) return;
            long[] shape = one.IsClip ? [3, one.Frames, one.Size, one.Size] : [3, one.Size, one.Size];
            trace.Add("pixel_values", new TraceTensor(shape, one.IsClip ? SwapFirstAxes(one.ToHost(), one.Frames, 3) : one.ToHost(), null));
            return;
        }
        foreach (bool clips in new[] { false, true })
        {
            PixelValues[] kind = [.. visuals.Where(visual => visual.IsClip == clips)];
            if (kind.Length == 0 || kind.Any(visual => visual.Frames != kind[0].Frames)) continue;
            long[] shape = clips ? [kind.Length, kind[0].Frames, 3, kind[0].Size, kind[0].Size]
                : [kind.Length, 3, kind[0].Size, kind[0].Size];
            trace.Add(clips ? "pixel_values_videos" : "pixel_values_images",
                new TraceTensor(shape, [.. kind.SelectMany(visual => visual.ToHost())], null));
        }
    }

    /// <summary>(first, second, plane) to (second, first, plane).</summary>
    private static float[] SwapFirstAxes(float[] values, int first, int second)
    {
        int plane = values.Length / (first * second);
        var swapped = new float[values.Length];
        for (int i = 0; i < first; i++)
        {
            for (int j = 0; j < second; j++) values.AsSpan((i * second + j) * plane, plane).CopyTo(swapped.AsSpan((j * first + i) * plane));
        }
        return swapped;
    }
}
