using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The names of llama.cpp's files to canonical ones (<see cref="WeightNames"/>).</summary>
/// <remarks>Source: ggml-org/llama.cpp, gguf-py/gguf/constants.py.</remarks>
internal static partial class GgufNames
{
    /// <summary>Divisors of the rotary frequencies: a tensor that is read into the config.</summary>
    public const string RopeFactors = "rope_freqs.weight";

    private static readonly Dictionary<string, string> Whole = new()
    {
        ["token_embd.weight"] = "embed_tokens.weight",
        ["output_norm.weight"] = "norm.weight",
        ["output.weight"] = "lm_head.weight",
        ["v.class_embd"] = "image_tower.embeddings.class_embedding",
        ["v.patch_embd.weight"] = "image_tower.embeddings.patch_embedding.weight",
        ["v.position_embd.weight"] = "image_tower.embeddings.position_embedding.weight",
        ["v.pre_ln.weight"] = "image_tower.pre_layrnorm.weight",
        ["v.pre_ln.bias"] = "image_tower.pre_layrnorm.bias",
        ["v.post_ln.weight"] = "image_tower.post_layernorm.weight",
        ["v.post_ln.bias"] = "image_tower.post_layernorm.bias",
        ["mm.0.weight"] = "projector.0.weight",
        ["mm.0.bias"] = "projector.0.bias",
        ["mm.2.weight"] = "projector.2.weight",
        ["mm.2.bias"] = "projector.2.bias",
    };

    private static readonly Dictionary<string, string> OfLanguageBlock = new()
    {
        ["attn_norm"] = "input_layernorm",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_output"] = "self_attn.o_proj",
        ["ffn_norm"] = "post_attention_layernorm",
        ["ffn_gate"] = "mlp.gate_proj",
        ["ffn_up"] = "mlp.up_proj",
        ["ffn_down"] = "mlp.down_proj",
    };

    private static readonly Dictionary<string, string> OfVisionBlock = new()
    {
        ["ln1"] = "layer_norm1",
        ["attn_q"] = "self_attn.q_proj",
        ["attn_k"] = "self_attn.k_proj",
        ["attn_v"] = "self_attn.v_proj",
        ["attn_out"] = "self_attn.out_proj",
        ["ln2"] = "layer_norm2",
        ["ffn_up"] = "mlp.fc1",
        ["ffn_down"] = "mlp.fc2",
    };

    /// <summary>The canonical name; one that is not known stays as it is.</summary>
    /// <param name="swapsFeedForward">Whether an mmproj file calls the first linear of a layer ffn_down, as old converters did.</param>
    public static string Canonical(string name, bool swapsFeedForward = false)
    {
        if (Whole.TryGetValue(name, out string? whole)) return whole;
        if (BlockName().Match(name) is not { Success: true } match) return name;
        bool sees = match.Groups["vision"].Success;
        string part = match.Groups["part"].Value;
        if (swapsFeedForward) part = part switch { "ffn_up" => "ffn_down", "ffn_down" => "ffn_up", _ => part };
        if (!(sees ? OfVisionBlock : OfLanguageBlock).TryGetValue(part, out string? known)) return name;
        return $"{(sees ? "image_tower.encoder.layers" : "layers")}.{match.Groups["layer"].Value}.{known}.{match.Groups["end"].Value}";
    }

    [GeneratedRegex(@"^(?<vision>v\.)?blk\.(?<layer>0|[1-9]\d{0,3})\.(?<part>\w+)\.(?<end>weight|bias)\z")]
    private static partial Regex BlockName();
}
