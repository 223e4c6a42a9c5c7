using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Trainer;

/// <summary>Memory of a run, forecast from sizes alone.</summary>
/// <param name="Weights">Weights as the model computes with them, and float32 masters where those are others.</param>
/// <param name="Optimizer">Gradients and both moments of what learns.</param>
/// <param name="Activations">What a forward keeps for its backward, and that needs itself, at the longest sample.</param>
public sealed record TrainingMemory(long Weights, long Optimizer, long Activations)
{
    /// <summary>All of it, in bytes.</summary>
    public long Total => Weights + Optimizer + Activations;

    /// <param name="frozen">Bytes of all weights that stay as they are.</param>
    /// <param name="trained">Numbers that learn.</param>
    /// <param name="halves">What learns is computed with as binary16, and has masters.</param>
    /// <param name="ranks">Sum of an adapter's ranks in a layer; 0 without one.</param>
    internal static TrainingMemory Of(
        LlamaConfig config, int tokens, long frozen, long trained, bool halves, bool recompute, int ranks)
        => new(frozen + trained * (halves ? 6 : 4), trained * 12, 4 * Activation(config, tokens, recompute, ranks));

    /// <summary>The table of Video-LLaVA-7B: how it is trained, at which length, and the bytes that takes.</summary>
    internal static IEnumerable<(string Way, int Tokens, TrainingMemory Memory)> OfSevenBillion()
    {
        var config = new LlamaConfig
        {
            Layers = 32,
            Hidden = 4096,
            FeedForward = 11008,
            Heads = 32,
            KeyValueHeads = 32,
            HeadSize = 128,
            Vocabulary = 32000,
            Context = 4096,
            RmsEpsilon = 1e-5f,
            RopeTheta = 10000,
            TiedHead = false,
        };
        long linears = 32L * (4 * 4096 * 4096 + 3 * 4096 * 11008), words = 2L * 32000 * 4096 + 65 * 4096;
        const long Towers = 2 * 2 * 430_000_000L, Projector = 1024L * 4096 + 4096 * 4096 + 2 * 4096, Ranks = 7 * 128;
        long adapter = 32L * 128 * (4 * 2 * 4096 + 3 * (4096 + 11008));
        foreach (int tokens in new[] { 2110, 3072 })
        {
            yield return ("full, fp16", tokens, Of(config, tokens, Towers, linears + words + Projector, true, true, 0));
            (string, StorageType)[] bases = [("fp16", StorageType.F16), ("int8", StorageType.Q8_0), ("int4", StorageType.Q4_0)];
            foreach ((string name, StorageType type) in bases)
            {
                long frozen = Towers + type.Bytes(linears) + 2 * words;
                yield return ($"LoRA, {name} base", tokens, Of(config, tokens, frozen, adapter + Projector, false, true, (int)Ranks));
            }
        }
    }

    /// <summary>Float32 numbers of a sample: LlamaTape, LlamaActivations, LlamaDerivatives, the KV cache, a block of logits.</summary>
    private static long Activation(LlamaConfig config, long tokens, bool recompute, int ranks)
    {
        long hidden = config.Hidden, wide = config.FeedForward, query = config.QueryColumns, keys = config.KeyColumns;
        long layer = 3 * hidden + 2 * query + (query + 2 * keys) + 3 * wide + config.Heads + 2 + ranks;
        long way = 3 * wide + 2 * hidden + query + (query + 2 * keys) + ranks;
        long delta = ranks > 0 ? 2 * wide : 0;
        long kept = (config.Layers + 3) * hidden + (recompute ? 1 : config.Layers) * layer + way + delta + config.Layers * 2 * keys;
        return tokens * kept + Math.Min(1 << 23, tokens * config.Vocabulary);
    }
}
