using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A frame as <see cref="Side"/> x <see cref="Side"/> mean brightnesses (0..255): enough to see whether something
/// changed.</summary>
internal sealed class Thumbnail
{
    public const int Side = 32;

    /// <summary>Cells that a change must cover to count whole: about one part in 250 of the picture.</summary>
    private const int Cells = 4;

    private readonly float[] cells = new float[Side * Side];

    public Thumbnail(Frame frame)
    {
        for (int row = 0; row < Side; row++)
        {
            (int top, int bottom) = Span(row, frame.Height);
            for (int column = 0; column < Side; column++)
            {
                (int left, int right) = Span(column, frame.Width);
                cells[row * Side + column] = Mean(frame, left, top, right, bottom);
            }
        }
    }

    /// <summary>How much differs, in levels of brightness: that of the cells which differ most, beside the whole picture's, of which half
    /// counts (an exposure that adjusts itself is no event, a light that goes out is).</summary>
    public float ChangeSince(Thumbnail before)
    {
        float shift = 0;
        for (int i = 0; i < cells.Length; i++) shift += (cells[i] - before.cells[i]) / cells.Length;
        Span<float> largest = stackalloc float[Cells]; // ascending
        for (int i = 0; i < cells.Length; i++)
        {
            float change = Math.Abs(cells[i] - before.cells[i] - shift);
            if (change <= largest[0]) continue;
            int at = 0;
            for (; at + 1 < Cells && largest[at + 1] < change; at++) largest[at] = largest[at + 1];
            largest[at] = change;
        }
        float sum = 0;
        foreach (float change in largest) sum += change;
        return Math.Max(sum / Cells, Math.Abs(shift) / 2);
    }

    /// <summary>The pixels of a cell; at least one, also where there are fewer pixels than cells.</summary>
    private static (int From, int To) Span(int cell, int pixels)
    {
        int from = Math.Min(cell * pixels / Side, pixels - 1);
        return (from, Math.Max(from + 1, (cell + 1) * pixels / Side));
    }

    private static float Mean(Frame frame, int left, int top, int right, int bottom)
    {
        long sum = 0;
        for (int y = top; y < bottom; y++)
        {
            ReadOnlySpan<byte> row = frame.Rgb.AsSpan(3 * (y * frame.Width + left), 3 * (right - left));
            for (int i = 0; i < row.Length; i += 3) sum += 77 * row[i] + 150 * row[i + 1] + 29 * row[i + 2]; // BT.601 in 256ths
        }
        return (float)(sum / 256.0 / ((right - left) * (bottom - top)));
    }
}
