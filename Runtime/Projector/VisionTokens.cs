using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>A picture or clip in the word space of the language model: rows that take the places of tokens.</summary>
/// <param name="rows">(Blocks · RowsPerBlock, D of the language model) on the device.</param>
/// <param name="blocks">1 for a picture, its frames for a clip: an original prompt holds one marker for each block.</param>
public sealed class VisionTokens(Matrix rows, int blocks, int rowsPerBlock, bool isClip) : IDisposable
{
    private bool isDisposed;

    /// <summary>(Blocks · RowsPerBlock, D of the language model) on the device.</summary>
    /// <exception cref="ObjectDisposedException">Its owner, a conversation perhaps, has let it go.</exception>
    public Matrix Rows
    {
        get
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return rows;
        }
    }

    /// <summary>1 for a picture, its frames for a clip.</summary>
    public int Blocks { get; } = blocks;

    public int RowsPerBlock { get; } = rowsPerBlock;

    public bool IsClip { get; } = isClip;

    public void Dispose()
    {
        if (!isDisposed) rows.Buffer.Dispose();
        isDisposed = true;
    }
}
