using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>What a layer's backward computes on its way, in memory that all layers use one after the other; float32.</summary>
/// <param name="Hidden">(T, F)</param>
/// <param name="GateUp">(T, 2·F)</param>
/// <param name="Norm">(T, D)</param>
/// <param name="Attended">(T, D)</param>
/// <param name="Context">(T, Q)</param>
/// <param name="Qkv">(T, Q + 2·K)</param>
internal readonly record struct LlamaDerivatives(Matrix Hidden, Matrix GateUp, Matrix Norm, Matrix Attended, Matrix Context, Matrix Qkv)
{
    public static LlamaDerivatives Take(Arena arena, LlamaConfig config, int rows) => new(
        arena.Take(rows, config.FeedForward), arena.Take(rows, 2 * config.FeedForward), arena.Take(rows, config.Hidden),
        arena.Take(rows, config.Hidden), arena.Take(rows, config.QueryColumns),
        arena.Take(rows, config.QueryColumns + 2 * config.KeyColumns));
}
