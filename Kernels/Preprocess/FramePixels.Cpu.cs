using EdgeVideoLlava.Kernels.Cpu;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary><see cref="RgbFrames"/> as the processor's code reads them.</summary>
internal readonly unsafe struct FramePixels(RgbFrames frames)
{
    private readonly byte* first = (byte*)((CpuBuffer)frames.Buffer).Address;

    public readonly int Height = frames.Height;
    public readonly int Width = frames.Width;

    /// <summary>The first pixel of a row: red, green, blue.</summary>
    public byte* Row(int frame, int row) => first + ((long)frame * Height + row) * Width * 3;
}
