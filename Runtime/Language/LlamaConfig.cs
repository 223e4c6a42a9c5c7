namespace EdgeVideoLlava.Runtime.Language;

/// <summary>Sizes of the language model f_L (LLaMA), every one resolved.</summary>
public sealed record LlamaConfig
{
    /// <summary>Decoder blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the word space, D.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the feed-forward layer.</summary>
    public required int FeedForward { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; each serves Heads / KeyValueHeads consecutive query heads.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Columns of a head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Rows of the embedding table; those beyond the tokenizer's pieces are never sampled.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Positions that the model was made for: prompt and answer together.</summary>
    public required int Context { get; init; }

    /// <summary>Added to the mean square in a norm.</summary>
    public required float RmsEpsilon { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Divisors of the rotary frequencies, one for each pair of a head, where the context is scaled; else null.</summary>
    public IReadOnlyList<float>? RopeDivisors { get; init; }

    /// <summary>The id of padding, whose embedding learns nothing (padding_idx); null: none.</summary>
    public int? PaddingId { get; init; }

    /// <summary>The output head is the embedding table.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>Columns of all query heads.</summary>
    public int QueryColumns => Heads * HeadSize;

    /// <summary>Columns of all key heads, and of all value heads.</summary>
    public int KeyColumns => KeyValueHeads * HeadSize;
}
