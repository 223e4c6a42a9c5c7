using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Projector;

/// <summary>What the projector computes on its way from features (R, D of the towers), in memory that it is given.</summary>
/// <param name="Hidden">(R, D of the language model) after its GELU.</param>
/// <param name="PreActivation">The same before its GELU, float32, for a backward; null in inference.</param>
internal readonly record struct ProjectorActivations(Matrix Hidden, Matrix? PreActivation = null)
{
    public static ProjectorActivations Take(Arena arena, MlpProjector projector, int rows)
        => new(arena.TakeActivations(rows, projector.First.Rows));

    public static ProjectorActivations TakeForBackward(Arena arena, MlpProjector projector, int rows)
        => Take(arena, projector, rows) with { PreActivation = arena.Take(rows, projector.First.Rows) };
}
