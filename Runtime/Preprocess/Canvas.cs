using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>A frame, alone or in the middle of a square of the background colour. The border is not stored: a long
/// strip costs nothing more.</summary>
internal readonly struct Canvas
{
    private readonly Frame frame;

    public int Width { get; }
    public int Height { get; }

    /// <summary>Columns to the left of the frame, rows above it.</summary>
    public int Left { get; }
    public int Top { get; }

    public Canvas(Frame frame, bool square)
    {
        this.frame = frame;
        int side = Math.Max(frame.Width, frame.Height);
        (Width, Height) = square ? (side, side) : (frame.Width, frame.Height);
        (Left, Top) = ((Width - frame.Width) / 2, (Height - frame.Height) / 2);
    }

    /// <summary>Red, green and blue at a place of the canvas.</summary>
    public ReadOnlySpan<byte> Pixel(int row, int column)
    {
        int x = column - Left, y = row - Top;
        return (uint)x < (uint)frame.Width && (uint)y < (uint)frame.Height
            ? frame.Rgb.AsSpan((y * frame.Width + x) * 3, 3)
            : Normalization.Background;
    }
}
