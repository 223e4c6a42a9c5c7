using System.Diagnostics;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>What is written: never over what is read, and where nothing can be written, one line and code 2.</summary>
public sealed class OutputTests : IDisposable
{
    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld");

    /// <summary>A folder with a clip, a picture, a model and reference tensors of the test's own.</summary>
    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    public OutputTests()
    {
        Directory.CreateDirectory(At("model"));
        foreach (string file in Directory.GetFiles($"{Shapes}/model")) File.Copy(file, At($"model/{Path.GetFileName(file)}"));
        File.Copy($"{Shapes}/clips/clip_00.mp4", At("clip.mp4"));
        File.Copy($"{Shapes}/pictures/picture_00.png", At("picture.png"));
        File.WriteAllBytes(At("stored.safetensors"), [0]);
        File.CreateSymbolicLink(At("linked.srt"), At("clip.mp4"));
        Directory.CreateSymbolicLink(At("folder"), folder);
        Process.Start("ln", [At("model/model.safetensors"), At("hard.srt")]).WaitForExit();
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("narrate clip.mp4 -o linked.srt")]
    [InlineData("narrate clip.mp4 -o ./model/../folder/clip.mp4")]
    [InlineData("narrate clip.mp4 -o hard.srt")]
    [InlineData("trace picture.png --ask What? -o picture.png")]
    [InlineData("trace --ids stored.safetensors -o stored.safetensors")]
    [InlineData("trace --pixels stored.safetensors:a --ids x.json -o folder/stored.safetensors")]
    [InlineData("trace clip.mp4 --ask What? -o model/model.safetensors")]
    [InlineData("bench --gpu-report model/config.json")]
    public async Task An_output_is_never_an_input(string line)
    {
        Dictionary<string, byte[]> before = Contents();
        EdgeResult result = await EdgeProcess.Run(
            new EdgeRun { Arguments = [.. line.Split(' '), "--model", "model", "--device", "cpu"], Folder = folder });
        result.IsRefusal(2, ", which is read; choose another output path");
        Assert.Equal(before, Contents());
    }

    /// <summary>Each command that answers on stdout, in text and in JSON; the last word is where that goes.</summary>
    [Theory]
    [InlineData("--version >/dev/full")]
    [InlineData("narrate clip.mp4 --device cpu --format jsonl >/dev/full")]
    [InlineData("narrate clip.mp4 --device cpu --format vtt >&-")]
    [InlineData("chat clip.mp4 --device cpu --ask What? >/dev/full")]
    [InlineData("chat --device cpu <<<What? >&-")]
    [InlineData("inspect model >/dev/full")]
    [InlineData("inspect model --json >&-")]
    [InlineData("doctor --json >/dev/full")]
    [InlineData("trace --compare $TRACE $TRACE >/dev/full")]
    public async Task Answers_that_cannot_be_written_are_code_2(string line)
    {
        EdgeResult result = await Shell($"$EDGE {line}");
        string complaint = line.EndsWith("full") ? "No space left on device" : "it is closed";
        Assert.Equal([$"edge: standard output: cannot be written ({complaint}); send it to another file or program"],
            result.Errors.TrimEnd('\n').Split('\n').Where(said => !Announcement(said)));
        Assert.Equal(2, result.Code);
    }

    [Theory]
    [InlineData("narrate clip.mp4 --device cpu -o $FULL/x.srt")]
    [InlineData("trace clip.mp4 --ask What? --device cpu -o $FULL/x.safetensors")]
    [InlineData("inspect model --json >$FULL/x.json")]
    public async Task A_full_file_system_is_code_2_and_nothing_half_written(string line)
    {
        Assert.SkipUnless((await Shell("unshare -rm true")).Code == 0, "needs unshare with user namespaces");
        EdgeResult result = await Shell("unshare -rm bash -c '"
            + "mkdir full && mount -t tmpfs -o size=64k none full && export FULL=full && head -c 64k /dev/zero >full/rest 2>/dev/null; "
            + $"$EDGE {line}; code=$?; rm -f full/x.json; ls full; exit $code'");
        Assert.Contains("cannot be written (No space left on device", Assert.Single(result.Errors.TrimEnd('\n').Split('\n'),
            said => !Announcement(said)));
        Assert.Equal((2, "rest\n"), (result.Code, result.Output));
    }

    [Theory]
    [InlineData("narrate clip.mp4 --device cpu --window 500ms --every 500ms -o /dev/stdout")]
    [InlineData("inspect model --json")]
    public async Task A_reader_that_has_seen_enough_ends_the_program_quietly(string line)
    {
        EdgeResult result = await Shell($"set -o pipefail; $EDGE {line} | head -n 1");
        Assert.Equal(0, result.Code);
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
        Assert.DoesNotContain("cannot be written", result.Errors);
    }

    [Fact]
    public async Task Messages_that_nobody_can_read_change_nothing()
        => Assert.Equal((0, "A blue ring vanishes.\n", ""),
            await Shell("$EDGE chat clip.mp4 --device cpu --ask 'Describe what you see.' 2>/dev/full") is var (code, output, errors)
            ? (code, output, errors) : default);

    private static bool Announcement(string line) => !line.Contains("cannot");

    private Dictionary<string, byte[]> Contents()
        => Directory.GetFiles(folder).Concat(Directory.GetFiles(At("model"))).ToDictionary(path => path, File.ReadAllBytes);

    private string At(string name) => Path.Combine(folder, name);

    private Task<EdgeResult> Shell(string script) => EdgeProcess.Shell(new EdgeRun
    {
        Arguments = [script],
        Folder = folder,
        Environment = new Dictionary<string, string?>
        {
            ["TRACE"] = ReferenceFiles.Golden("original-tiny/cases/image_one_turn.safetensors"),
            ["OCL_ICD_VENDORS"] = folder, // no drivers: their self-tests would only take time
        },
    });
}
