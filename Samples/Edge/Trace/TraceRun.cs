using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>A traced forward pass with what went in, as one file.</summary>
public static class TraceRun
{
    internal static TraceFile Run(VideoLlava model, IReadOnlyList<PixelValues> visuals, PromptRows prompt, int greedy,
        CancellationToken cancel = default)
    {
        var whole = new TraceFile();
        PixelTensors.AddTo(whole, visuals, model.Config.Variant);
        whole.Add("input_ids", prompt.ToTensor());
        TraceFile stages = new ForwardTrace(model, greedy, model.Config.EndTokenId).Run(visuals, prompt.Rows, prompt.Padding, cancel);
        foreach (string name in stages.Names) whole.Add(name, stages.Find(name)!);
        return whole;
    }
}
