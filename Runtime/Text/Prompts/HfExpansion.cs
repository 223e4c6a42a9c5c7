namespace EdgeVideoLlava.Runtime.Text.Prompts;

/// <summary>What the -hf processor does to ids: one id per visual becomes one per feature row.</summary>
/// <remarks>Source: huggingface/transformers, processing_video_llava.</remarks>
internal static class HfExpansion
{
    /// <summary>Longest expanded prompt accepted; the model's context is far shorter.</summary>
    private const int LengthCeiling = 1 << 24;

    /// <summary>Repeats the n-th &lt;image&gt; id as often as the n-th picture has rows, and likewise each &lt;video&gt; id.</summary>
    /// <param name="tokensPerImage">Rows of each picture in order: patches without CLS.</param>
    /// <param name="tokensPerVideo">Rows of each clip in order: frames x (patches + CLS).</param>
    /// <exception cref="BadInputException">The prompt has more or fewer markers than there are visuals, or grows
    /// beyond any context.</exception>
    public static int[] Expand(ReadOnlySpan<int> ids, int imageId, int videoId, IReadOnlyList<int> tokensPerImage,
        IReadOnlyList<int> tokensPerVideo)
    {
        RequireMarkers(ids.Count(imageId), tokensPerImage.Count, "<image>", "pictures");
        RequireMarkers(ids.Count(videoId), tokensPerVideo.Count, "<video>", "clips");
        var expanded = new List<int>(ids.Length);
        (int image, int video) = (0, 0);
        foreach (int id in ids)
        {
            int copies = id == imageId ? tokensPerImage[image++] : id == videoId ? tokensPerVideo[video++] : 1;
            if (copies < 1 || expanded.Count + (long)copies > LengthCeiling)
                throw new BadInputException($"a picture or clip of {copies} tokens does not fit a prompt; give fewer or smaller ones");
            for (int i = 0; i < copies; i++) expanded.Add(id);
        }
        return [.. expanded];
    }

    private static void RequireMarkers(int markers, int visuals, string tag, string what)
    {
        if (markers != visuals)
            throw new BadInputException($"the prompt has {markers} {tag} for {visuals} {what}; write one {tag} for each");
    }
}
