using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The -hf flavour against transformers: every stage within its stated tolerance, every greedy id equal,
/// batches row by row.</summary>
public sealed class HfTinyTests
{
    public static IEnumerable<TheoryDataRow<string, TestDevice>> Cases
        => from name in new[] { "image", "video8", "video5", "image_and_video", "two_images_one_prompt", "batch2_images",
        "batch2_image_video", "text_only", "two_turns" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(name, device);

    public static IEnumerable<TheoryDataRow<string, TestDevice>> Namings
        => from name in new[] { "disk-4.46", "disk-5.23", "disk-5.23-fresh", "memory-4.57", "memory-5.23" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(name, device);

    [Theory, DeviceRows(nameof(Cases))]
    public void Every_stage_and_every_greedy_id_equals_the_reference(string name, TestDevice device)
    {
        VideoLlava model = Models.Get(Golden.Path("hf-tiny/checkpoint"), device);
        string path = Golden.Path($"hf-tiny/cases/{name}.safetensors");
        TraceFile expected = TraceFile.Read(path);
        TraceFile got = Run(model, path, 48);
        Assert.Equal(expected.Find("greedy_ids")!.Ids, got.Find("greedy_ids")!.Ids);
        AssertEqual(TraceComparison.Compare(expected, got, TraceTolerance.Hf), "logits");
    }

    [Theory, DeviceRows(nameof(Namings))]
    public void Every_naming_form_gives_the_same_logits(string name, TestDevice device)
    {
        using VideoLlava model = VideoLlava.Load(Golden.Path($"hf-tiny/names/{name}"), TestDevices.Get(device));
        string path = Golden.Path("hf-tiny/names/expected.safetensors");
        TraceFile expected = TraceFile.Read(path);
        AssertEqual(TraceComparison.Compare(expected, Run(model, path, 0), TraceTolerance.Hf), "logits");
    }

    private static TraceFile Run(VideoLlava model, string path, int greedy)
    {
        using var file = new SafeTensors(path);
        List<PixelValues> visuals = [.. new[] { "pixel_values_images", "pixel_values_videos" }.Where(file.Tensors.ContainsKey)
            .SelectMany(key => PixelTensors.Read(file[key], ModelVariant.Hf))];
        lock (model) return TraceRun.Run(model, visuals, PromptRows.Read(path), greedy);
    }

    private static void AssertEqual(TraceComparison comparison, string stage)
    {
        Assert.Contains(comparison.Stages, result => result.Name == stage);
        Assert.Empty(comparison.MissingInGot);
        Assert.True(comparison.FirstDifference == null, $"{comparison.FirstDifference?.Name}: {comparison.FirstDifference?.Detail}");
    }
}
