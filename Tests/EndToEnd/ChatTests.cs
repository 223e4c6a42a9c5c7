
namespace EdgeVideoLlava.Tests.EndToEnd;

public sealed class ChatTests
{
    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld");

    [Fact]
    public async Task One_question_is_answered_on_stdout()
    {
        EdgeResult result = await EdgeProcess.Run("chat", $"{Shapes}/clips/clip_00.mp4", "--ask", "Describe what you see.");
        Assert.Equal((0, "A blue ring vanishes.\n"), (result.Code, result.Output));
        Assert.Contains("tokens/s", result.Errors);
    }

    [Fact]
    public async Task A_session_keeps_its_history_and_survives_a_bad_file()
    {
        EdgeResult result = await EdgeProcess.Run(new EdgeRun
        {
            Arguments = ["chat", $"{Shapes}/clips/clip_00.mp4", "--verbose"],
            Input = "Describe what you see.\nIn which place is the blue ring?\n/add nowhere.png\n/nonsense\nWhat happens to the ring?\n/stats\n/reset\n/quit\n",
        });
        Assert.Equal((0, "A blue ring vanishes.\nAt the bottom.\nIt vanishes.\n"), (result.Code, result.Output));
        Assert.Contains("nowhere.png: no such file", result.Errors);
        Assert.Contains("/nonsense is no command here", result.Errors);
        Assert.Contains("(13 of 357 positions new)", result.Errors);
    }

    [Fact]
    public async Task The_answer_does_not_depend_on_the_threads_and_a_seed_repeats_it()
    {
        string[] ask = ["chat", $"{Shapes}/pictures/picture_00.png", "--ask", "Describe the picture in detail.", "--temperature", "1.5",
            "--seed", "7"];
        EdgeResult one = await EdgeProcess.Run([.. ask, "--threads", "1"]), three = await EdgeProcess.Run([.. ask, "--threads", "3"]);
        Assert.Equal((0, one.Output), (three.Code, three.Output));
        Assert.NotEmpty(one.Output.Trim());
    }

    [Fact]
    public async Task Converted_weights_give_the_answer_and_say_which_rows_they_do_not_fit()
    {
        EdgeResult result = await EdgeProcess.Run("chat", $"{Shapes}/clips/clip_00.mp4", "--ask", "Describe what you see.", "--weights",
            "q4_k");
        Assert.Equal((0, "A blue ring vanishes.\n"), (result.Code, result.Output));
        Assert.Contains("edge: 4 tensors have rows of 352 numbers, no whole blocks of Q4_K; they are Q5_0\n", result.Errors);
    }

    [Fact]
    public async Task A_prompt_that_is_too_long_says_by_how_much()
    {
        EdgeResult result = await EdgeProcess.Run("chat", "--ask", string.Concat(Enumerable.Repeat("a blue ring ", 2000)));
        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.Matches(@"edge: the prompt takes \d+ positions, the model has 1024: \d+ too many", result.Errors);
    }

    [Theory]
    [InlineData("images/edge/zero_byte.jpg")]
    [InlineData("images/edge/text_renamed.jpg")]
    [InlineData("images/edge/truncated_half.jpg")]
    [InlineData("images/edge/truncated_half.png")]
    [InlineData("images/edge/corrupt_idat.png")]
    public async Task A_picture_that_is_none_is_code_2(string file)
        => (await EdgeProcess.Run("chat", ReferenceFiles.Data(file), "--ask", "What?")).IsRefusal(2, Path.GetFileName(file));

    [Fact]
    public async Task A_folder_that_is_no_model_is_code_2()
    {
        (await EdgeProcess.Run("chat", "--ask", "What?", "--model", "/nowhere")).IsRefusal(2, "/nowhere: no such folder");
        (await EdgeProcess.Run("chat", "--ask", "What?", "--model", "/")).IsRefusal(2, "model.safetensors");
    }

    [Fact]
    public async Task A_model_without_tokenizer_is_code_2()
    {
        string folder = Directory.CreateTempSubdirectory("edge-").FullName;
        foreach (string file in new[] { "config.json", "model.safetensors" })
            File.Copy($"{Shapes}/model/{file}", Path.Combine(folder, file));
        (await EdgeProcess.Run("chat", "--ask", "What?", "--model", folder)).IsRefusal(2, "tokenizer.model");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_models_file_in_place_of_its_folder_names_the_folder()
        => (await EdgeProcess.Run("chat", "--ask", "What?", "--model", $"{Shapes}/model/config.json"))
        .IsRefusal(2, $"a model is the folder that holds it, {Shapes}/model");

    [Fact]
    public async Task Too_little_memory_is_code_5()
    {
        EdgeRun Limited(string mebibytes)
            => new()
            {
                Arguments = ["chat", "--ask", "What?"],
                Environment = new Dictionary<string,
            string?>
                { ["EDGE_MEMORY_LIMIT"] = mebibytes }
            };
        (await EdgeProcess.Run(Limited("3"))).IsRefusal(5, "MiB of memory, 3 MiB are free");
        Assert.Equal(0, (await EdgeProcess.Run(Limited("300"))).Code);
        (await EdgeProcess.Run(Limited("much"))).IsRefusal(2, "EDGE_MEMORY_LIMIT is 'much'");
    }

    [Fact]
    public async Task A_model_of_links_answers_from_wherever_the_files_lie()
    {
        string folder = Directory.CreateTempSubdirectory("edge-").FullName;
        foreach (string file in Directory.GetFiles($"{Shapes}/model"))
            File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(file)), file);
        EdgeResult result = await EdgeProcess.Run("chat", "--model", folder, $"{Shapes}/clips/clip_00.mp4", "--ask",
            "Describe what you see.");
        Assert.Equal((0, "A blue ring vanishes.\n"), (result.Code, result.Output));
        Directory.Delete(folder, recursive: true);
    }
}
