using System.Diagnostics;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>edge pull against a hub of our own: a model comes and is found by its name; what goes wrong is one line.</summary>
public sealed class PullTests : IDisposable
{
    private static readonly string Shapes = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld");

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;
    private readonly FakeHub hub = new();

    public PullTests()
    {
        foreach (string file in Directory.GetFiles($"{Shapes}/model")) hub.Files[Path.GetFileName(file)] = File.ReadAllBytes(file);
        hub.Files["README.md"] = new byte[10];
    }

    private string Target => Path.Combine(folder, FakeHub.Name);

    public void Dispose()
    {
        hub.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_pulled_model_is_found_by_its_name()
    {
        hub.Redirects = true;
        EdgeResult pulled = await Pull();
        Assert.Equal((0, $"{Target}\n"), (pulled.Code, pulled.Output));
        Assert.Matches($@"^edge: owner/model: \d+ files, \d+ MiB, to {Target}\n$", pulled.Errors);
        Assert.All(hub.Files.Where(file => file.Key != "README.md"),
            file => Assert.Equal(file.Value, File.ReadAllBytes(Path.Combine(Target, file.Key))));
        Assert.False(File.Exists(Path.Combine(Target, "README.md")));
        string clip = $"{Shapes}/clips/clip_00.mp4";
        EdgeResult expected = await EdgeProcess.Run("narrate", clip, "--device", "cpu"),
            got = await Edge("narrate", clip, "--device", "cpu", "--model", FakeHub.Name);
        Assert.Equal((0, expected.Output), (got.Code, got.Output));
        EdgeResult planned = await Edge("quantize", FakeHub.Name, "--dry-run");
        Assert.Contains("nothing was written", planned.Output);
    }

    [Fact]
    public async Task What_an_interrupt_left_is_taken_up_again()
    {
        hub.Pause = TimeSpan.FromMilliseconds(100);
        string part = Path.Combine(Target, "model.safetensors.part");
        using (Process process = await EdgeProcess.Start(Command("pull", FakeHub.Name)))
        {
            for (var clock = Stopwatch.StartNew(); !File.Exists(part) || new FileInfo(part).Length == 0; await Task.Delay(20))
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(60), "nothing came");
            EdgeProcess.Interrupt(process);
            string errors = await process.StandardError.ReadToEndAsync();
            Assert.True(process.WaitForExit(TimeSpan.FromSeconds(60)));
            Assert.EndsWith("edge: interrupted\n", errors);
            Assert.Equal(130, process.ExitCode);
        }
        long have = new FileInfo(part).Length;
        Assert.InRange(have, 1, hub.Files["model.safetensors"].Length - 1);
        Assert.False(File.Exists(Path.Combine(Target, "model.safetensors")));
        hub.Pause = default;
        Assert.Equal(0, (await Pull()).Code);
        Assert.Contains(hub.Served, request => request.EndsWith($"model.safetensors from {have}"));
        Assert.Equal(hub.Files["model.safetensors"], File.ReadAllBytes(Path.Combine(Target, "model.safetensors")));
        Assert.False(File.Exists(part));
    }

    [Fact]
    public async Task Wrong_bytes_never_become_a_model()
    {
        hub.Lies = true;
        EdgeResult result = await Pull();
        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.Contains("what was sent has not the listed digest, twice", result.Errors.TrimEnd('\n').Split('\n')[^1]);
        Assert.Empty(Directory.GetFiles(Target, "*.safetensors"));
    }

    [Fact]
    public async Task A_token_is_asked_for_and_taken_from_the_environment()
    {
        hub.Token = "secret";
        (await Pull()).IsRefusal(2, "the hub asks for a token, or there is no such repository; set HF_TOKEN");
        (await EdgeProcess.Run(Command("pull", FakeHub.Name) with { Environment = Environment("wrong") }))
            .IsRefusal(2, "the hub refuses the token of HF_TOKEN");
        EdgeResult pulled = await EdgeProcess.Run(
            Command("pull", FakeHub.Name, "--to", Path.Combine(folder, "here")) with { Environment = Environment("secret") });
        Assert.Equal((0, $"{Path.Combine(folder, "here")}\n"), (pulled.Code, pulled.Output));
        Assert.DoesNotContain("secret", pulled.Errors);
    }

    [Theory]
    [InlineData("owner/absent", 2, "the hub has no such repository")]
    [InlineData("nobody", 2, "'nobody' is no repository; OWNER/NAME is wanted")]
    public async Task A_name_without_a_model_is_one_line(string name, int code, string complaint)
        => (await Edge("pull", name)).IsRefusal(code, complaint);

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_one_line()
    {
        File.WriteAllText(Path.Combine(folder, "file"), "");
        EdgeResult result = await Edge("pull", FakeHub.Name, "--to", Path.Combine(folder, "file"));
        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.Contains("cannot be written", result.Errors.TrimEnd('\n').Split('\n')[^1]);
    }

    /// <summary>A bar with percent, time and speed, in one line that never wraps and is gone in the end.</summary>
    [Fact]
    public async Task A_terminal_shows_how_far_it_is()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/script") && File.Exists("/dev/pts/ptmx"),
            "needs a pseudo terminal (the program script, and /dev/pts)");
        hub.Pause = TimeSpan.FromMilliseconds(20);
        EdgeResult shown = await EdgeProcess.Shell(Command($"script -qec 'stty cols 72; $EDGE pull {FakeHub.Name}' /dev/null"));
        Assert.Equal(0, shown.Code);
        string[] states = [.. shown.Output.Split("\r\e[K").Skip(1)];
        Assert.Contains(states, state => System.Text.RegularExpressions.Regex.IsMatch(state,
            @"^\[=+ +\]  [1-9]\d %, \d+ s left, \d+\.\d MB/s  model\.\w+$"));
        Assert.All(states[..^1], state => Assert.InRange(state.Length, 1, 71));
        Assert.Equal($"{Target}\r\n", states[^1]);
    }

    private Task<EdgeResult> Pull() => Edge("pull", FakeHub.Name);

    private Task<EdgeResult> Edge(params string[] arguments) => EdgeProcess.Run(Command(arguments));

    private EdgeRun Command(params string[] arguments) => new() { Arguments = arguments, Environment = Environment(null) };

    private Dictionary<string, string?> Environment(string? token)
        => new() { ["HF_ENDPOINT"] = hub.Address, ["HF_TOKEN"] = token, ["EDGE_MODELS"] = folder };
}
