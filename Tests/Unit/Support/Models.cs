using System.Collections.Concurrent;
using EdgeVideoLlava.Kernels;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Golden models, loaded once for each device, and the pictures of their cases.</summary>
public static class Models
{
    private static readonly ConcurrentDictionary<(string, TestDevice), Lazy<VideoLlava>> Loaded = new();

    /// <summary>A model for tests that only read it.</summary>
    public static VideoLlava Get(string folder, TestDevice device)
        => Loaded.GetOrAdd((folder, device), key => new Lazy<VideoLlava>(() => VideoLlava.Load(key.Item1, TestDevices.Get(key.Item2), new LoadOptions(AllVisionLayers: true)))).Value;

    /// <summary>Original cases name their pictures in pictures.safetensors: [3, S, S] a picture, [3, T, S, S] a clip.</summary>
    public static PixelValues OriginalPixels(HostTensor tensor)
    {
        float[] values = tensor.ToFloats();
        int size = (int)tensor.Shape[^1];
        if (tensor.Shape.Count == 3) return new PixelValues(values, 1, size, IsClip: false);
        int frames = (int)tensor.Shape[1], plane = size * size;
        var byFrame = new float[values.Length];
        for (int channel = 0; channel < 3; channel++)
        {
            for (int frame = 0; frame < frames; frame++)
                values.AsSpan((channel * frames + frame) * plane, plane).CopyTo(byFrame.AsSpan((frame * 3 + channel) * plane));
        }
        return new PixelValues(byFrame, frames, size, IsClip: true);
    }

    /// <summary>-hf cases: [N, 3, S, S] pictures, [V, T, 3, S, S] clips.</summary>
    public static IEnumerable<PixelValues> HfPixels(HostTensor tensor)
    {
        float[] values = tensor.ToFloats();
        int count = (int)tensor.Shape[0], size = (int)tensor.Shape[^1], each = values.Length / count, frames = tensor.Shape.Count == 5 ? (int)tensor.Shape[1] : 1;
        return Enumerable.Range(0, count).Select(i => new PixelValues(values[(i * each)..((i + 1) * each)], frames, size, tensor.Shape.Count == 5));
    }
}
