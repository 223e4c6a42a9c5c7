using System.Text;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Trace;

/// <summary>Prompt ids in every form of the reference files.</summary>
public sealed class PromptRowsTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("original-tiny/cases/video_one_turn")]
    [InlineData("original-tiny/cases/eos_stop")]
    [InlineData("hf-tiny/cases/video8")]
    [InlineData("hf-tiny/cases/batch2_images")]
    [InlineData("hf-tiny/cases/batch2_image_video")]
    public void The_json_and_the_tensor_form_give_the_same_rows_and_padding(string name)
    {
        PromptRows json = PromptRows.Read(Golden.Path($"{name}.json")), tensors = PromptRows.Read(Golden.Path($"{name}.safetensors"));
        Assert.Equal(tensors.Padding, json.Padding);
        Assert.Equal(tensors.Rows.Count, json.Rows.Count);
        for (int i = 0; i < json.Rows.Count; i++) Assert.Equal(tensors.Rows[i], json.Rows[i]);
        if (name.Contains("batch2_image_video")) Assert.Contains(json.Padding, padding => padding > 0);
    }

    [Fact]
    public void A_padded_batch_is_written_as_it_was_read()
    {
        string path = Golden.Path("hf-tiny/cases/batch2_image_video.safetensors");
        Assert.Equal(TraceFile.Read(path).Find("input_ids")!.Ids, PromptRows.Read(path).ToTensor().Ids);
    }

    [Theory]
    [InlineData("{}", "no list input_ids")]
    [InlineData("{\"input_ids\": 7}", "no list input_ids")]
    [InlineData("{\"input_ids\": []}", "no list input_ids")]
    [InlineData("{\"input_ids\": [1, \"two\"]}", "no id")]
    [InlineData("{\"input_ids\": [1, 2.5]}", "no id")]
    [InlineData("{\"input_ids\": [1, 99999999999]}", "99999999999 is no token id")]
    [InlineData("{\"input_ids\": [[1], 2]}", "mixes ids and rows")]
    [InlineData("{\"input_ids\": [1, [2]]}", "no id")]
    [InlineData("{\"input_ids\": [[1], []]}", "empty")]
    [InlineData("{\"input_ids\": [[1, 2], [3]]}", "unequal length")]
    [InlineData("{\"input_ids\": [[1, 2], [3]], \"left_padding\": [0, 2]}", "unequal length")]
    [InlineData("{\"input_ids\": [[1, 2], [3]], \"left_padding\": [0, -1]}", "left_padding is out of range")]
    [InlineData("{\"input_ids\": [[1], [3]], \"left_padding\": [2000000000, 0]}", "left_padding is out of range")]
    [InlineData("[1, 2]", "no list input_ids")]
    [InlineData("{\"input_ids\": [1, 2]", "not valid JSON")]
    public void What_holds_no_ids_is_refused_in_one_line(string json, string complaint)
    {
        string path = folder.File("ids.json", Encoding.UTF8.GetBytes(json));
        string message = Assert.Throws<BadInputException>(() => PromptRows.Read(path)).Message;
        Assert.StartsWith(path, message);
        Assert.Contains(complaint, message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Padding_on_the_right_is_refused()
    {
        var file = new TraceFile();
        file.Add("input_ids", new TraceTensor([1, 3], null, [1, 2, 0]));
        file.Add("attention_mask", new TraceTensor([1, 3], null, [1, 1, 0]));
        string path = Path.Combine(folder.Path, "right.safetensors");
        file.Write(path);
        Assert.Contains("padded on the left", Assert.Throws<BadInputException>(() => PromptRows.Read(path)).Message);
    }
}
