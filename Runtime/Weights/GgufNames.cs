using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The names of llama.cpp's files to canonical ones (<see cref="WeightNames"/>) and back.</summary>
/// <remarks>Source: ggml-org/llama.cpp, gguf-py/gguf/constants.py. A video tower, which no file of llama.cpp's can hold, has the image
/// tower's names with "vid." for "v.", and those of the temporal attention: docs/formats.md.</remarks>
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
        ["temporal_ln"] = "temporal_layer_norm1",
        ["temporal_attn_q"] = "temporal_attn.q_proj",
        ["temporal_attn_k"] = "temporal_attn.k_proj",
        ["temporal_attn_v"] = "temporal_attn.v_proj",
        ["temporal_attn_out"] = "temporal_attn.out_proj",
    };

    private static readonly Dictionary<string, string> WholeInFile = Reversed(Whole), LanguageBlockInFile = Reversed(OfLanguageBlock),
        VisionBlockInFile = Reversed(OfVisionBlock);

    private const string Image = "image_tower.", Video = "video_tower.", ImageFile = "v.", VideoFile = "vid.";
    private const string Frames = "temporal_embd.weight", CanonicalFrames = "temporal_embedding";

    /// <summary>The canonical name; one that is not known stays as it is.</summary>
    /// <param name="swapsFeedForward">Whether an mmproj file calls the first linear of a layer ffn_down, as old converters did.</param>
    public static string Canonical(string name, bool swapsFeedForward = false)
    {
        if (name.StartsWith(VideoFile, StringComparison.Ordinal))
        {
            string image = Canonical(ImageFile + name[VideoFile.Length..]);
            return image.StartsWith(Image, StringComparison.Ordinal) ? Video + image[Image.Length..] : name;
        }
        if (Whole.TryGetValue(name, out string? whole)) return whole;
        if (BlockName().Match(name) is not { Success: true } match) return name;
        bool sees = match.Groups["vision"].Success;
        string part = match.Groups["part"].Value, layer = match.Groups["layer"].Value;
        if (sees && name.EndsWith($".{Frames}", StringComparison.Ordinal)) return $"{Image}encoder.layers.{layer}.{CanonicalFrames}";
        if (swapsFeedForward) part = Swapped(part);
        if (!(sees ? OfVisionBlock : OfLanguageBlock).TryGetValue(part, out string? known)) return name;
        return $"{(sees ? "image_tower.encoder.layers" : "layers")}.{layer}.{known}.{match.Groups["end"].Value}";
    }

    /// <summary>The name in a file of a canonical one: what <see cref="Canonical"/> turns back.</summary>
    /// <inheritdoc cref="Canonical" path="/param"/>
    public static string InFile(string canonical, bool swapsFeedForward = false)
    {
        if (canonical.StartsWith(Video, StringComparison.Ordinal))
            return VideoFile + InFile(Image + canonical[Video.Length..])[ImageFile.Length..];
        if (WholeInFile.TryGetValue(canonical, out string? whole)) return whole;
        if (CanonicalBlockName().Match(canonical) is not { Success: true } match)
            throw new ArgumentException($"{canonical} has no name in a GGUF file", nameof(canonical));
        bool sees = match.Groups["vision"].Success;
        string layer = match.Groups["layer"].Value, rest = match.Groups["rest"].Value;
        if (rest == CanonicalFrames) return $"{ImageFile}blk.{layer}.{Frames}";
        int end = rest.LastIndexOf('.');
        string part = (sees ? VisionBlockInFile : LanguageBlockInFile)[rest[..end]];
        return $"{(sees ? ImageFile : "")}blk.{layer}.{(swapsFeedForward ? Swapped(part) : part)}{rest[end..]}";
    }

    private static Dictionary<string, string> Reversed(Dictionary<string, string> names)
        => names.ToDictionary(pair => pair.Value, pair => pair.Key);

    private static string Swapped(string part) => part switch { "ffn_up" => "ffn_down", "ffn_down" => "ffn_up", _ => part };

    [GeneratedRegex(@"^(?<vision>v\.)?blk\.(?<layer>0|[1-9]\d{0,3})\.(?<part>\w+)\.(?<end>weight|bias)\z")]
    private static partial Regex BlockName();

    [GeneratedRegex(@"^(?<vision>image_tower\.encoder\.)?layers\.(?<layer>\d+)\.(?<rest>.+)\z")]
    private static partial Regex CanonicalBlockName();
}
