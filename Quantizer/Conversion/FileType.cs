using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>What a language model's file is converted to: one storage type, or a mix in which the tensors that suffer most get more
/// bits.</summary>
/// <remarks>Names, numbers and rules: ggml-org/llama.cpp, include/llama.h and src/llama-quant.cpp.</remarks>
public sealed class FileType
{
    private FileType(string name, int number, StorageType most, bool isMix = false)
        => (Name, Number, Most, IsMix) = (name, number, most, isMix);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<FileType> All { get; } =
    [
        new("f32", 0, StorageType.F32), new("f16", 1, StorageType.F16), new("bf16", 32, StorageType.BF16), new("q8_0", 7, StorageType.Q8_0),
        new("q6_k", 18, StorageType.Q6_K), new("q5_k_m", 17, StorageType.Q5_K, isMix: true), new("q5_k_s", 16, StorageType.Q5_K),
        new("q5_0", 8, StorageType.Q5_0), new("q4_k_m", 15, StorageType.Q4_K, isMix: true), new("q4_k_s", 14, StorageType.Q4_K),
        new("q4_0", 2, StorageType.Q4_0),
    ];

    /// <summary>As it is written, such as "q4_k_m".</summary>
    public string Name { get; }

    /// <summary>llama.cpp's number of it: general.file_type.</summary>
    public int Number { get; }

    /// <summary>The type of most matrices.</summary>
    public StorageType Most { get; }

    /// <summary>Whether some layers' values and down projections get Q6_K.</summary>
    public bool IsMix { get; }

    /// <summary>Null if there is none of that name.</summary>
    public static FileType? Find(string name) => All.FirstOrDefault(type => type.Name == name);

    /// <summary>The type of a matrix.</summary>
    /// <param name="name">In the file.</param>
    /// <param name="layer">Of a block's tensor; else null.</param>
    /// <param name="layers">Of the model.</param>
    /// <param name="columns">Its rows' length.</param>
    /// <param name="isHead">Whether it scores the words: output.weight, or a tied token_embd.weight.</param>
    /// <param name="isWeighted">Whether an importance matrix is given.</param>
    internal StorageType Of(string name, int? layer, int layers, int columns, bool isHead, bool isWeighted)
    {
        if (!Most.IsBlock()) return Most;
        StorageType type = Most;
        if (isHead) type = columns % Most.BlockColumns() != 0 || Most == StorageType.Q8_0 ? StorageType.Q8_0 : StorageType.Q6_K;
        else if (name.EndsWith("attn_v.weight", StringComparison.Ordinal)) type = OfValues(layer ?? 0, layers);
        else if (name.EndsWith("ffn_down.weight", StringComparison.Ordinal)) type = OfDown(layer ?? 0, layers, isWeighted);
        return type.ForRows(columns);
    }

    private StorageType OfValues(int layer, int layers)
        => IsMix && GetsMore(layer, layers) ? StorageType.Q6_K
            : Name == "q4_k_s" && layer < 4 ? StorageType.Q5_K
            : Most;

    private StorageType OfDown(int layer, int layers, bool isWeighted)
    {
        bool isFirst = layer < layers / 8;
        return IsMix && GetsMore(layer, layers) ? StorageType.Q6_K
            : Name == "q4_k_s" && isFirst ? StorageType.Q5_K
            : !isWeighted || !isFirst ? Most
            : Most == StorageType.Q4_0 ? StorageType.Q4_1
            : Most == StorageType.Q5_0 ? StorageType.Q5_1
            : Most;
    }

    /// <summary>The first and the last eighth of the layers, and every third between them.</summary>
    private static bool GetsMore(int layer, int layers)
        => layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
}
