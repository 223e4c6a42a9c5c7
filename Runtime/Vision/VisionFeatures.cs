using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Vision;

/// <summary>What a tower sees in one picture or clip, in the shared visual space before projection. Disposing releases the rows.</summary>
/// <param name="Rows">(Blocks · RowsPerBlock, D) on the device.</param>
/// <param name="Blocks">1 for a picture, its frames for a clip.</param>
/// <param name="RowsPerBlock">Patches for a picture (class embedding dropped), patches + 1 for a frame (class embedding kept).</param>
internal sealed record VisionFeatures(Matrix Rows, int Blocks, int RowsPerBlock, bool IsClip) : IDisposable
{
    public void Dispose() => Rows.Buffer.Dispose();
}
