namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>Files as they come: what is no file on a disk, what is cut off, and names that are no Unicode.</summary>
public sealed class InputTests : IDisposable
{
    private const string Question = "--device cpu --ask 'Describe what you see.'";

    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld");

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    public InputTests() => File.Copy($"{Shapes}/clips/clip_00.mp4", Path.Combine(folder, "clip.mp4"));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("narrate <(cat clip.mp4 2>/dev/null)", "write it into a file and name that")]
    [InlineData("chat $SHARED/data/faults/half.png " + Question, "half.png: the PNG ends early; fetch or save it again")]
    [InlineData("inspect $SHARED/data/faults/model-00001-of-00003.safetensors", "a Git LFS pointer, not the file itself; run 'git lfs install'")]
    [InlineData("chat --model pointers " + Question, "pointers/model.safetensors: a Git LFS pointer")]
    [InlineData("chat $'caf\\xe8.png' " + Question, ".png: no such file")]
    public async Task What_cannot_be_read_is_one_line(string line, string complaint)
    {
        string pointer = ReferenceFiles.Data("faults/model-00001-of-00003.safetensors");
        (await Shell($"mkdir pointers; cp {Shapes}/model/*.json pointers; cp {pointer} pointers/model.safetensors; $EDGE {line}"))
            .IsRefusal(2, complaint);
    }

    [Fact]
    public async Task A_name_in_Latin_1_opens()
    {
        EdgeResult result = await Shell("mkdir $'\\xfc'; mv clip.mp4 $'\\xfc/caf\\xe9.mp4'; $EDGE chat $'\\xfc/caf\\xe9.mp4' "
            + Question + "; code=$?; rm -r $'\\xfc'; exit $code"); // .NET could not remove it
        Assert.Equal((0, "A blue ring vanishes.\n"), (result.Code, result.Output));
    }

    [Fact]
    public async Task A_byte_order_mark_on_stdin_is_no_part_of_the_question()
    {
        EdgeResult result = await Shell("printf '\\xef\\xbb\\xbfDescribe what you see.\\r\\n' | $EDGE chat clip.mp4 --device cpu --verbose");
        Assert.Equal((0, "A blue ring vanishes.\n"), (result.Code, result.Output));
        Assert.Contains("(339 of 339 positions new)", result.Errors);
    }

    [Fact]
    public async Task A_vocabulary_in_tokenizer_json_alone_gives_the_same_answer()
    {
        string model = ReferenceFiles.Golden("hf-tiny/checkpoint");
        EdgeResult result = await Shell(
            $"mkdir m; ln -s {model}/* m; ask() {{ $EDGE chat clip.mp4 --model m --max-tokens 12 {Question}; }}; ask; rm m/tokenizer.model; ask");
        string[] answers = result.Output.TrimEnd('\n').Split('\n');
        Assert.Equal((0, 2), (result.Code, answers.Length));
        Assert.Equal(answers[0], answers[1]);
        Assert.NotEmpty(answers[0]);
    }

    [Theory]
    [InlineData("x.SRT", "1\n00:00:00,000 --> 00:00:02,500\n")]
    [InlineData("x.vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n")]
    [InlineData("x.jsonl", "{\"start\":0,\"end\":2.5,")]
    [InlineData("x.txt", "00:00:00.0-00:00:02.5  ")]
    [InlineData("x.srt --format vtt", "WEBVTT\n")]
    public async Task Captions_have_the_format_of_their_files_name(string output, string begins)
    {
        EdgeResult result = await Shell($"$EDGE narrate clip.mp4 --device cpu --window 00:00:02.5 --every 0:2.5 -o {output} && cat x.*");
        Assert.Equal(0, result.Code);
        Assert.StartsWith(begins, result.Output);
    }

    /// <summary>So little that drivers and decoders find none of it: PoCL would abort the process.</summary>
    [Theory]
    [InlineData("narrate clip.mp4")]
    [InlineData("doctor")]
    public async Task A_limit_of_the_address_space_ends_nothing_by_a_signal(string line)
        => Assert.Contains((await Shell($"ulimit -v 4000000; $EDGE {line}")).Code, (int[])[0, 5]);

    [Fact]
    public async Task A_driver_that_dies_when_it_is_loaded_is_told_and_harms_nothing()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/gcc"), "needs gcc");
        const string Plant = "echo 'void abort(void); __attribute__((constructor)) static void die(void) { abort(); }' "
            + "| gcc -shared -fPIC -x c - -o bad.so; echo $PWD/bad.so >bad.icd; export OCL_ICD_VENDORS=$PWD; ";
        EdgeResult doctor = await Shell(Plant + "$EDGE doctor");
        Assert.Equal(5, doctor.Code);
        Assert.Contains("not looked at: a native library ends the process that loads it (signal 6)", doctor.Output);
        Assert.Equal("A blue ring vanishes.\n", (await Shell($"{Plant} $EDGE chat clip.mp4 {Question}")).Output);
    }

    private Task<EdgeResult> Shell(string script) => EdgeProcess.Shell(new EdgeRun
    {
        Arguments = [script],
        Folder = folder,
        Environment = new Dictionary<string, string?> { ["SHARED"] = Environment.GetEnvironmentVariable("EDGE_REFERENCE_DATA") },
    });
}
