using EdgeVideoLlava.Kernels;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>A picture or clip in the word space of the language model: rows that take the places of tokens.</summary>
/// <param name="Rows">(Blocks · RowsPerBlock, D of the language model) on the device.</param>
/// <param name="Blocks">1 for a picture, its frames for a clip: an original prompt holds one marker for each block.</param>
public sealed record VisionTokens(Matrix Rows, int Blocks, int RowsPerBlock, bool IsClip) : IDisposable
{
    public void Dispose() => Rows.Buffer.Dispose();
}
