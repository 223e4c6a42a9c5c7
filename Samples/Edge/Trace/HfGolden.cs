namespace EdgeVideoLlava.Edge.Trace;

/// <summary>Maps reference files of the -hf flavour (one stacked tensor for all layers, transformers' names) to the
/// names of a trace.</summary>
/// <remarks>
/// image_tower_hidden_states (layers+1, N, P, D): one tensor a layer.  video_tower_frame0_hidden_states: the first frame only.
/// llm_hidden_states (layers+1, B, L, D): 0 = embeddings, the last = after the final norm, so the last layer's own output is not in it.
/// </remarks>
internal static class HfGolden
{
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["image_features_selected"] = "image_features",
        ["video_features_selected"] = "video_features",
        ["image_features_projected"] = "image_projected",
        ["video_features_projected"] = "video_projected",
    };

    public static bool IsHf(TraceFile file) => file.Names.Any(name => Renamed.ContainsKey(name) || name == "llm_hidden_states")
        || (file.Find("attention_mask") != null && file.Find("greedy_top1_logit") != null);

    public static bool IsHfTrace(TraceFile got) => got.Names.Any(name => name is "pixel_values_images" or "pixel_values_videos");

    /// <summary>EXPECTED under a trace's names. Stages that only this file has in part (a clip's first frame) are cut
    /// out of GOT under the same name.</summary>
    public static TraceFile Map(TraceFile expected, TraceFile got)
    {
        var mapped = new TraceFile();
        foreach (string name in expected.Names)
        {
            TraceTensor tensor = expected.Find(name)!;
            if (name == "image_tower_hidden_states") Unstack(tensor, i => $"image_tower.hidden_states.{i}", mapped);
            else if (name == "video_tower_frame0_hidden_states")
            {
                Unstack(tensor, i => $"video_tower.frame0.hidden_states.{i}", mapped);
                CutFirstFrames(got);
            }
            else if (name == "llm_hidden_states")
            {
                long last = tensor.Shape.FirstOrDefault() - 1;
                Unstack(tensor, i => i == 0 ? "inputs_embeds" : i == last ? "llm.final_norm" : $"llm.layer_output.{i - 1}", mapped);
            }
            else mapped.Add(Renamed.GetValueOrDefault(name, name), tensor);
        }
        return mapped;
    }

    private static void Unstack(TraceTensor stacked, Func<int, string> name, TraceFile target)
    {
        if (stacked.Floats == null || stacked.Shape.Length < 3 || stacked.Shape[0] < 1)
            throw new BadInputException($"{name(0)}: {stacked.ShapeText} is no stack of layers");
        int count = (int)stacked.Shape[0], size = stacked.Elements / count;
        for (int i = 0; i < count; i++)
            target.Add(name(i), new TraceTensor(stacked.Shape[1..], stacked.Floats![(i * size)..((i + 1) * size)], null));
    }

    private static void CutFirstFrames(TraceFile got)
    {
        const string prefix = "video_tower.hidden_states.";
        foreach (string name in got.Names.Where(name => name.StartsWith(prefix)).ToArray())
        {
            TraceTensor states = got.Find(name)!; // (clips, frames, positions, D)
            if (states.Floats == null || states.Shape.Length != 4 || states.Elements == 0)
                throw new BadInputException($"{name}: {states.ShapeText} are no states of clips, frames and positions");
            int frame = (int)(states.Shape[2] * states.Shape[3]);
            got.Add($"video_tower.frame0.hidden_states.{name[prefix.Length..]}",
                new TraceTensor([1, states.Shape[2], states.Shape[3]], states.Floats![..frame], null));
        }
    }
}
