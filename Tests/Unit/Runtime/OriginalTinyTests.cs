using System.Text.Json;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>The original flavour against the reference: every stage within its stated tolerance, every greedy id equal.</summary>
public sealed class OriginalTinyTests
{
    public static IEnumerable<TheoryDataRow<string, TestDevice>> Cases
        => from name in new[] { "image_one_turn", "video_one_turn", "video_two_turns", "eos_stop", "video_then_image", "image_then_video",
        "two_images", "two_videos", "text_only",
                "image_three_turns", "long_text", "template_v1", "template_llava_v0", "template_plain" }
           from device in name is "video_then_image" or "video_two_turns" ? TestDevices.ForModels.Append(TestDevice.OpenClPortable)
               : TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(name, device);

    [Theory, DeviceRows(nameof(Cases))]
    public void Every_stage_and_every_greedy_id_equals_the_reference(string name, TestDevice device)
    {
        VideoLlava model = Models.Get(Golden.Path("original-tiny/checkpoint"), device);
        string path = Golden.Path($"original-tiny/cases/{name}.safetensors");
        TraceFile expected = TraceFile.Read(path);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"original-tiny/cases/{name}.json")));
        using SafeTensors pictures = Golden.Tensors("original-tiny/cases/pictures.safetensors");
        List<PixelValues> visuals = [.. json.RootElement.GetProperty("pictures").EnumerateArray()
            .SelectMany(picture => PixelTensors.Read(pictures[picture.GetString()!], ModelVariant.Original))];
        TraceFile got;
        lock (model) got = TraceRun.Run(model, visuals, PromptRows.Read(path), greedy: 48);
        TraceComparison comparison = TraceComparison.Compare(expected, got, TraceTolerance.Original);
        Assert.Contains(comparison.Stages, stage => stage.Name is "logits" or "greedy_ids");
        Assert.Equal(expected.Find("greedy_ids")!.Ids, got.Find("greedy_ids")!.Ids);
        Assert.Empty(comparison.MissingInGot);
        Assert.True(comparison.FirstDifference == null, $"{comparison.FirstDifference?.Name}: {comparison.FirstDifference?.Detail}");
    }
}
