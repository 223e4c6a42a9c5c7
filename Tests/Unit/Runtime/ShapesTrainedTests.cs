using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The built-in model (bf16 weights, trained) from the stored pixel values: every stage within tolerance, every greedy id equal.</summary>
public sealed class ShapesTrainedTests
{
    private const int EndId = 2;

    public static IEnumerable<TheoryDataRow<string, TestDevice>> Cases
        => from name in new[] { "clip_00", "clip_01", "clip_02", "picture_00", "picture_01" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(name, device);

    [Theory, MemberData(nameof(Cases))]
    public void Every_stage_and_every_greedy_id_equals_the_reference(string name, TestDevice device)
    {
        VideoLlava model = Models.Get(Path.Combine(Golden.Repository, "Samples", "ShapesWorld", "model"), device);
        string path = Golden.Path($"shapes-trained/cases/{name}.safetensors");
        TraceFile expected = TraceFile.Read(path);
        using var file = new SafeTensors(path);
        PixelValues pixels = Models.OriginalPixels(file["pixel_values"]);
        int[] ids = [.. expected.Find("input_ids")!.Ids!.Select(id => (int)id)];
        TraceFile got;
        lock (model) got = new ForwardTrace(model, greedy: 48, EndId).Run([pixels], [ids], [0]);
        TraceComparison comparison = TraceComparison.Compare(expected, got, TraceTolerance.Original);
        string kind = pixels.IsClip ? "video" : "image";
        string[] wanted = [$"{kind}_features", $"{kind}_projected", "inputs_embeds", "logits", "greedy_ids"];
        Assert.Empty(wanted.Except(comparison.Stages.Select(stage => stage.Name)));
        Assert.Empty(comparison.MissingInGot.Except(["pixel_values", "input_ids"]));
        Assert.True(comparison.FirstDifference == null, $"{comparison.FirstDifference?.Name}: {comparison.FirstDifference?.Detail}");
        Assert.Equal(expected.Find("greedy_ids")!.Ids, got.Find("greedy_ids")!.Ids);
    }
}
