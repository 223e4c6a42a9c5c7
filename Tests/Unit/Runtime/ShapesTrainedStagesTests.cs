using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The built-in model (bf16 weights, trained) from the stored pixel values: every stage within tolerance,
/// every greedy id equal.</summary>
public sealed class ShapesTrainedStagesTests
{
    public static IEnumerable<TheoryDataRow<string, TestDevice>> Cases
        => from name in new[] { "clip_00", "clip_01", "clip_02", "picture_00", "picture_01" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(name, device);

    [Theory, DeviceRows(nameof(Cases))]
    public void Every_stage_and_every_greedy_id_equals_the_reference(string name, TestDevice device)
    {
        VideoLlava model = Models.Get(Path.Combine(Golden.Repository, "Samples", "ShapesWorld", "model"), device);
        string path = Golden.Path($"shapes-trained/cases/{name}.safetensors");
        TraceFile expected = TraceFile.Read(path);
        using var file = new SafeTensors(path);
        List<PixelValues> visuals = [.. PixelTensors.Read(file["pixel_values"], ModelVariant.Original)];
        TraceFile got;
        lock (model) got = TraceRun.Run(model, visuals, PromptRows.Read(path), greedy: 48);
        TraceComparison comparison = TraceComparison.Compare(expected, got, TraceTolerance.Original);
        string kind = visuals[0].IsClip ? "video" : "image";
        string[] wanted = [$"{kind}_features", $"{kind}_projected", "inputs_embeds", "logits", "greedy_ids"];
        Assert.Empty(wanted.Except(comparison.Stages.Select(stage => stage.Name)));
        Assert.Empty(comparison.MissingInGot);
        Assert.True(comparison.FirstDifference == null, $"{comparison.FirstDifference?.Name}: {comparison.FirstDifference?.Detail}");
        Assert.Equal(expected.Find("greedy_ids")!.Ids, got.Find("greedy_ids")!.Ids);
    }
}
