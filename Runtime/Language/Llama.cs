using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Language;

/// <summary>f_T and f_L: word embeddings, the layers, the head. Weights are shared; a conversation's own is its
/// <see cref="LlamaState"/>.</summary>
/// <remarks>
/// One thread at a time uses an instance's forward methods with a given queue and arena.
/// Weights may be float32 in writable memory, and a tied head's a copy of the embedding: each forward reads them anew.
/// </remarks>
/// <param name="cacheType">Of the KV caches: the type of the device's activations, or I8.</param>
internal sealed partial class Llama(LlamaConfig config, LlamaWeights weights, StorageType cacheType)
{
    public LlamaConfig Config { get; } = config;
    public LlamaWeights Weights { get; } = weights;

    /// <summary>Type of the KV caches.</summary>
    public StorageType CacheType { get; } = cacheType;

    public LlamaState CreateState(ComputeDevice device) => new(device, Config, CacheType);

    /// <summary>f_T: ids (T) to embeddings (T, D).</summary>
    public void Embed(ComputeQueue queue, IntVector ids, Matrix embeddings)
        => EmbeddingGather.Run(queue, Weights.Embedding, ids, embeddings);

    /// <summary>All layers: embeddings (T, D) to the last hidden states (T, D) before the final norm; the states'
    /// caches grow by the rows.</summary>
    /// <exception cref="BadInputException">A conversation does not fit into the context.</exception>
    public void Forward(ComputeQueue queue, Matrix embeddings, LlamaBatch batch, Arena arena, Matrix hidden, StageTrace? trace = null)
    {
        batch.Begin(queue);
        Layers(queue, embeddings, batch, arena, hidden, trace);
        batch.End();
    }

    /// <summary>All layers and the final norm from tape.Hidden[0], the embeddings, with everything kept that a backward needs.</summary>
    /// <exception cref="BadInputException">A conversation does not fit into the context.</exception>
    public void Forward(ComputeQueue queue, LlamaBatch batch, LlamaTape tape)
    {
        batch.Begin(queue);
        for (int layer = 0; layer < Config.Layers; layer++) Layer(queue, batch, tape, layer);
        RmsNorm.Run(queue, tape.Hidden[^1], Weights.Norm, Config.RmsEpsilon, tape.Norm, tape.NormScale);
        batch.End();
    }

    /// <summary>One layer from its input on the tape: in a forward, and again before its backward where layers share activations.</summary>
    /// <param name="batch">The forward's, unchanged, with its states as the forward left them.</param>
    public void Layer(ComputeQueue queue, LlamaBatch batch, LlamaTape tape, int layer)
        => LlamaBlock.Forward(queue, Config, Weights, layer, batch, tape.Hidden[layer], tape.Layers[layer], tape.Hidden[layer + 1]);

    /// <summary>The work of the forward pass on the device alone: room and positions are there already, the
    /// states stay as they are.</summary>
    internal void Layers(ComputeQueue queue, Matrix embeddings, LlamaBatch batch, Arena arena, Matrix hidden, StageTrace? trace = null)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix x = embeddings, y = arena.Take(x.Rows, x.Columns), z = arena.Take(x.Rows, x.Columns);
        LlamaActivations recycled = LlamaActivations.Take(arena, Config, x.Rows, Weights.Lora);
        for (int layer = 0; layer < Config.Layers; layer++)
        {
            Matrix target = layer == Config.Layers - 1 ? hidden : layer % 2 == 0 ? y : z;
            LlamaBlock.Forward(queue, Config, Weights, layer, batch, x, recycled, target);
            trace?.Record($"llm.layer_output.{layer}", target);
            x = target;
        }
    }

    /// <summary>The head alone, after <see cref="Forward(ComputeQueue, LlamaBatch, LlamaTape)"/>: logits (T, V).</summary>
    public void Logits(ComputeQueue queue, LlamaTape tape, Matrix logits) => Linear.Run(queue, Weights.Head, tape.Norm, logits);

    /// <summary>Final norm and head: hidden states (T, D) to logits (T, V).</summary>
    public void Logits(ComputeQueue queue, Matrix hidden, Arena arena, Matrix logits, StageTrace? trace = null)
    {
        using Arena.Scope scope = arena.Begin();
        Matrix normed = arena.TakeActivations(hidden.Rows, hidden.Columns);
        RmsNorm.Run(queue, hidden, Weights.Norm, Config.RmsEpsilon, normed);
        trace?.Record("llm.final_norm", normed);
        Linear.Run(queue, Weights.Head, normed, logits);
    }
}
