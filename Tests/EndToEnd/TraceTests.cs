namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>edge trace against the reference files, as a user who converted a checkpoint would run it.</summary>
public sealed class TraceTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    private string Output => Path.Combine(folder, "trace.safetensors");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_original_case_shows_no_difference()
    {
        string reference = ReferenceFiles.Golden("original-tiny/cases/video_one_turn.safetensors");
        await Trace("original-tiny", $"{ReferenceFiles.Golden("original-tiny/cases/pictures.safetensors")}:video_a", reference, 48);
        EdgeResult comparison = await EdgeProcess.Run("trace", "--compare", reference, Output);
        Assert.True(comparison.Code == 0, comparison.Output);
        Assert.Contains("equal    video_tower.hidden_states.4", comparison.Output);
        Assert.Contains("equal    greedy_ids: 48 ids equal", comparison.Output);
    }

    [Fact]
    public async Task An_hf_case_shows_no_difference()
    {
        string reference = ReferenceFiles.Golden("hf-tiny/cases/video8.safetensors");
        await Trace("hf-tiny", $"{reference}:pixel_values_videos", reference, 48);
        EdgeResult comparison = await EdgeProcess.Run("trace", "--compare", reference, Output);
        Assert.True(comparison.Code == 0, comparison.Output);
    }

    [Fact]
    public async Task The_first_stage_that_differs_is_named_with_code_4()
    {
        string reference = ReferenceFiles.Golden("original-tiny/cases/image_one_turn.safetensors");
        // Another picture than the reference's.
        await Trace("original-tiny", $"{ReferenceFiles.Golden("original-tiny/cases/pictures.safetensors")}:image_b", reference, 0);
        EdgeResult comparison = await EdgeProcess.Run("trace", "--compare", reference, Output);
        Assert.Equal(4, comparison.Code);
        Assert.Contains("first difference: image_tower.hidden_states.0,", comparison.Output);
        Assert.Contains("equal    input_ids", comparison.Output);
        // A tolerance that swallows it.
        Assert.Equal(0, (await EdgeProcess.Run("trace", "--compare", reference, Output, "--atol", "1000")).Code);
    }

    [Fact]
    public async Task A_stage_that_is_missing_is_a_difference()
    {
        string reference = ReferenceFiles.Golden("original-tiny/cases/image_one_turn.safetensors");
        EdgeResult comparison = await EdgeProcess.Run("trace", "--compare", reference,
            ReferenceFiles.Golden("original-tiny/cases/video_two_turns.safetensors"));
        Assert.Equal(4, comparison.Code);
        Assert.Contains("missing in", comparison.Output);
    }

    [Fact]
    public async Task Files_and_a_question_are_traced_too()
    {
        string clip = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/clips/clip_00.mp4");
        EdgeResult result = await EdgeProcess.Run("trace", clip, "--ask", "Describe what you see.", "--greedy", "20", "-o", Output);
        Assert.True(result.Code == 0, result.Errors);
        // Our decoder's pixels differ from the reference's by a few levels; ids and the answer are the same.
        EdgeResult comparison = await EdgeProcess.Run("trace", "--compare",
            ReferenceFiles.Golden("shapes-trained/cases/clip_00.safetensors"), Output, "--atol", "0.5");
        Assert.Contains("equal    input_ids", comparison.Output);
        Assert.Contains("equal    greedy_ids: 6 ids equal", comparison.Output);
    }

    [Fact]
    public async Task Ids_of_a_json_file_give_the_same_trace_as_those_of_tensors()
    {
        string tensors = ReferenceFiles.Golden("hf-tiny/cases/image.safetensors"), other = Path.Combine(folder, "other.safetensors");
        await Trace("hf-tiny", $"{tensors}:pixel_values_images", tensors, 4);
        File.Move(Output, other);
        await Trace("hf-tiny", $"{tensors}:pixel_values_images", ReferenceFiles.Golden("hf-tiny/cases/image.json"), 4);
        Assert.Equal(File.ReadAllBytes(other), File.ReadAllBytes(Output));
    }

    [Theory]
    [InlineData("input_ids", "no pixel values")]
    [InlineData("logits", "no pixel values")]
    [InlineData("nothing", "no tensor named nothing")]
    public async Task Pixels_that_are_none_are_code_2(string name, string complaint)
    {
        string reference = ReferenceFiles.Golden("hf-tiny/cases/image.safetensors");
        EdgeResult result = await EdgeProcess.Run("trace", "--model", ReferenceFiles.Golden("hf-tiny/checkpoint"), "--pixels",
            $"{reference}:{name}", "--ids", reference, "-o", Output);
        Assert.Equal(2, result.Code);
        Assert.Contains(complaint, result.Errors);
        Assert.Empty(Directory.GetFiles(folder));
    }

    [Theory]
    [InlineData("trace", "give either --ask TEXT with files or --ids FILE")]
    [InlineData("trace --ids x.json", "--output is missing")]
    [InlineData("trace --compare one", "--compare takes two files")]
    [InlineData("trace a.png --ids x.json -o y", "--ids goes with --pixels")]
    public async Task A_wrong_command_line_is_code_1(string line, string complaint)
        => (await EdgeProcess.Run(line.Split(' '))).IsRefusal(1, complaint);

    [Fact]
    public async Task An_output_that_cannot_be_written_is_found_before_the_work()
        => (await EdgeProcess.Run("trace", "--ids", "nowhere.json", "-o", "/proc/nothing/x.safetensors")).IsRefusal(2, "cannot be written");

    private async Task Trace(string model, string pixels, string ids, int greedy)
    {
        EdgeResult result = await EdgeProcess.Run(
            "trace", "--model", ReferenceFiles.Golden($"{model}/checkpoint"), "--pixels", pixels, "--ids", ids, "--greedy", $"{greedy}",
            "-o", Output);
        Assert.True(result.Code == 0, result.Errors);
    }
}
