namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>One name for every tensor, whatever wrote the checkpoint: original Video-LLaVA and all forms that
/// transformers 4.40 to 5 have left on disk.</summary>
/// <remarks>
/// Canonical: embed_tokens.weight, layers.i.X, norm.weight, lm_head.weight, projector.{0,2}.X, image_tower.X, video_tower.X with X as in
/// CLIPVisionModel below vision_model (embeddings.*, pre_layrnorm.*, encoder.layers.i.*, post_layernorm.*). The typo is the checkpoints'.
/// </remarks>
internal static class WeightNames
{
    /// <summary>The canonical name of a tensor.</summary>
    public static string Canonical(string name)
    {
        name = Strip(name, "base_model.");
        if (name.StartsWith("model.") && IsModule(name.AsSpan("model.".Length))) name = name["model.".Length..];
        name = Strip(Strip(name, "language_model."), "model.");
        name = name.Replace(".vision_model.", ".").Replace("image_tower.image_tower.", "image_tower.")
            .Replace("video_tower.video_tower.", "video_tower.");
        if (name.StartsWith("multi_modal_projector.linear_1.")) return "projector.0." + name["multi_modal_projector.linear_1.".Length..];
        if (name.StartsWith("multi_modal_projector.linear_2.")) return "projector.2." + name["multi_modal_projector.linear_2.".Length..];
        return name.StartsWith("mm_projector.") ? "projector." + name["mm_projector.".Length..] : name;
    }

    /// <summary>True for the names of the original repository, false for the -hf ones.</summary>
    public static bool IsOriginal(string name) => name.Contains("mm_projector.") || name.Contains("_tower.image_tower.")
        || name.Contains("_tower.video_tower.");

    /// <summary>Buffers that old libraries saved: position_ids says nothing, inv_freq is rounded and using it is an error.</summary>
    public static bool IsIgnored(string canonical) => canonical.EndsWith(".rotary_emb.inv_freq")
        || canonical.EndsWith(".embeddings.position_ids");

    /// <summary>The name of a canonical one in the checkpoints of a variant: of the original repository, or of transformers to
    /// 4.51.</summary>
    public static string InFile(string canonical, ModelVariant variant)
    {
        string language = variant == ModelVariant.Hf ? "language_model." : "";
        foreach (string tower in new[] { "image_tower", "video_tower" })
        {
            if (!canonical.StartsWith($"{tower}.")) continue;
            string rest = canonical[(tower.Length + 1)..];
            return variant == ModelVariant.Hf ? $"{tower}.vision_model.{rest}" : $"model.{tower}.{tower}.{rest}";
        }
        if (canonical.StartsWith("projector."))
        {
            string rest = canonical["projector.".Length..];
            return variant != ModelVariant.Hf ? $"model.mm_projector.{rest}"
                : $"multi_modal_projector.linear_{(rest[0] == '0' ? 1 : 2)}{rest[1..]}";
        }
        return canonical.StartsWith("lm_head.") ? language + canonical : $"{language}model.{canonical}";
    }

    private static bool IsModule(ReadOnlySpan<char> rest)
        => rest.StartsWith("language_model.") || rest.StartsWith("image_tower.") || rest.StartsWith("video_tower.")
            || rest.StartsWith("multi_modal_projector.") || rest.StartsWith("mm_projector.");

    private static string Strip(string name, string prefix) => name.StartsWith(prefix) ? name[prefix.Length..] : name;
}
