using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Tensors of the language model, arranged as <see cref="LlamaWeights"/>.</summary>
internal sealed class LlamaTensors
{
    internal const string LayerPrefix = "layers.";

    private const string EmbeddingName = "embed_tokens.weight", FinalNorm = "norm", HeadName = "lm_head.weight";

    public LlamaTensors(LlamaConfig config)
    {
        Config = config;
        var scope = new TensorScope(ModelPart.Language, ModelTensors.Prefix(ModelPart.Language));
        Embedding = scope.Make(ParameterRole.Embedding, EmbeddingName, config.Vocabulary, config.Hidden);
        Norm = scope.Norm(FinalNorm, config.Hidden);
        Head = scope.Make(ParameterRole.Head, config.TiedHead ? EmbeddingName : HeadName, config.Vocabulary, config.Hidden);
        Blocks = [.. Enumerable.Range(0, config.Layers)
            .Select(layer => Block(config, new TensorScope(ModelPart.Language, $"{LayerPrefix}{layer}.", layer)))];
    }

    /// <summary>Names and numbers of axes alone, of one layer: for the reader that takes the sizes from a checkpoint's tensors.</summary>
    internal static LlamaTensors Unsized { get; } = new(new LlamaConfig
    {
        Layers = 1,
        Hidden = 0,
        FeedForward = 0,
        Heads = 0,
        KeyValueHeads = 0,
        HeadSize = 0,
        Vocabulary = 0,
        Context = 0,
        RmsEpsilon = 0,
        RopeTheta = 0,
        TiedHead = false,
    });

    public LlamaConfig Config { get; }
    public ParameterSpec Embedding { get; }
    public IReadOnlyList<LlamaBlockTensors> Blocks { get; }
    public ParameterSpec Norm { get; }

    /// <summary>The embedding's tensor where the head is tied.</summary>
    public ParameterSpec Head { get; }

    /// <param name="headOfItsOwn">A tied head counts too.</param>
    public IEnumerable<ParameterSpec> Parameters(bool headOfItsOwn)
    {
        IEnumerable<ParameterSpec> all = [Embedding, .. Blocks.SelectMany(block => block.Parameters), Norm];
        return Config.TiedHead && !headOfItsOwn ? all : all.Append(Head);
    }

    /// <summary>Whether a canonical name is one of the language model's, by its first word.</summary>
    internal static bool Has(string name)
        => new[] { LayerPrefix, EmbeddingName, FinalNorm, HeadName }.Any(own => own.Split('.')[0] == name.Split('.')[0]);

    private static LlamaBlockTensors Block(LlamaConfig config, TensorScope scope)
    {
        int hidden = config.Hidden, query = config.QueryColumns, key = config.KeyColumns, wide = config.FeedForward;
        return new LlamaBlockTensors(
            scope.Norm("input_layernorm", hidden),
            scope.Linear(hidden, ("self_attn.q_proj", query), ("self_attn.k_proj", key), ("self_attn.v_proj", key)),
            scope.Linear(query, ("self_attn.o_proj", hidden)),
            scope.Norm("post_attention_layernorm", hidden),
            scope.Linear(hidden, ("mlp.gate_proj", wide), ("mlp.up_proj", wide)),
            scope.Linear(wide, ("mlp.down_proj", hidden)));
    }
}

/// <summary>Tensors of one layer, arranged as <see cref="LlamaBlockWeights"/>.</summary>
internal sealed record LlamaBlockTensors(
    ParameterSpec AttentionNorm, ParameterSpec Qkv, ParameterSpec Out,
    ParameterSpec FeedForwardNorm, ParameterSpec GateUp, ParameterSpec Down)
{
    public IEnumerable<ParameterSpec> Parameters => [AttentionNorm, Qkv, Out, FeedForwardNorm, GateUp, Down];
}
