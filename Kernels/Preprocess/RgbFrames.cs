using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>Frames of one size in device memory: (Count, Height, Width, 3) bytes, red first.</summary>
/// <param name="Buffer">Of U8; <see cref="ComputeQueue.Write(ReadOnlySpan{byte}, DeviceBuffer)"/> fills it.</param>
internal readonly record struct RgbFrames(DeviceBuffer Buffer, int Count, int Height, int Width)
{
    /// <summary>Bytes of the frames; kernels index them with 32 bits.</summary>
    internal int Bytes => checked(Count * Height * Width * 3);

    internal void Check()
    {
        if (Buffer.Type != StorageType.U8) throw new ArgumentException($"frames are bytes, not {Buffer.Type}");
        if (Buffer.Elements < Bytes)
            throw new ArgumentException($"{Count} frames of {Width} x {Height} take {Bytes} bytes; the buffer has {Buffer.Elements}");
    }
}
