using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>What a tower takes: one picture or one clip, normalised.</summary>
/// <param name="Values">(Frames, 3, Size, Size) float32: frame, channel (RGB), row, column. A picture has one frame.
/// Empty if they are on a device.</param>
/// <param name="IsClip">True for a clip (video tower), false for a picture (image tower), whatever the number of frames.</param>
public sealed record PixelValues(float[] Values, int Frames, int Size, bool IsClip) : IDisposable
{
    /// <summary>(Frames · 3 · Size, Size): the values that a device makes itself. Another queue than
    /// <see cref="MadeBy"/> waits for it first.</summary>
    internal Matrix? OnDevice { get; init; }

    /// <summary>The queue whose work makes the values on the device; null if they are there.</summary>
    internal ComputeQueue? MadeBy { get; init; }

    /// <summary>One frame of them; on a device a view that lives as long as the whole.</summary>
    internal PixelValues Frame(int frame)
    {
        int rows = 3 * Size;
        return OnDevice is { } matrix
            ? new PixelValues([], 1, Size, IsClip) { OnDevice = matrix.RowRange(frame * rows, rows), MadeBy = MadeBy }
            : new PixelValues(Values[(frame * rows * Size)..((frame + 1) * rows * Size)], 1, Size, IsClip);
    }

    /// <summary>The values on the host, wherever they are.</summary>
    public float[] ToHost()
    {
        if (OnDevice is not { } matrix) return Values;
        using ComputeQueue queue = matrix.Buffer.Device.CreateQueue();
        if (MadeBy != null) queue.WaitFor(MadeBy);
        return queue.Read(matrix);
    }

    /// <summary>Releases device memory; on the host there is nothing to release.</summary>
    public void Dispose() => OnDevice?.Buffer.Dispose();
}
