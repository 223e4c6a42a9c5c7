using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>From a checkpoint to an answering folder, and what goes wrong on the way.</summary>
public sealed class QuantizeTests : IDisposable
{
    private static readonly string Model = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/model");

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    private string Out => Path.Combine(folder, "out");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_built_in_model_becomes_a_folder_that_narrates()
    {
        EdgeResult made = await EdgeProcess.Run("quantize", Model, "-o", Out, "--type", "q4_0", "--report", Path.Combine(folder, "r.html"));
        Assert.Equal(0, made.Code);
        Assert.Matches(@"language-q4_0\.gguf +\d+\.\d KiB  language model: 29 Q4_0, 1 Q8_0, 9 F32\nmmproj-f16", made.Output);
        Assert.Contains("<svg", await File.ReadAllTextAsync(Path.Combine(folder, "r.html"), TestContext.Current.CancellationToken));
        string clip = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/clips/demo.mp4");
        EdgeResult expected = await EdgeProcess.Run("narrate", clip), got = await EdgeProcess.Run("narrate", clip, "--model", Out);
        Assert.Equal(expected.Output, got.Output);
        (await EdgeProcess.Run("quantize", Model, "-o", Out)).IsRefusal(2, "this exists already");
        EdgeResult verified = await EdgeProcess.Run("verify", Model, Out, clip, "--json");
        JsonElement report = JsonDocument.Parse(verified.Output).RootElement;
        Assert.InRange(report.GetProperty("divergence").GetProperty("mean").GetDouble(), 1e-9, 0.05);
        Assert.Equal(4, (await EdgeProcess.Run("verify", Model, Out, clip, "--max-kl", "0")).Code);
    }

    [Fact]
    public async Task A_dry_run_writes_nothing()
    {
        EdgeResult result = await EdgeProcess.Run("quantize", Model, "--type", "q8_0", "--dry-run", "--json");
        JsonElement[] files = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("files").EnumerateArray()];
        Assert.Equal(3, files.Length);
        Assert.All(files, file => Assert.Equal(JsonValueKind.Null, file.GetProperty("sha256").ValueKind));
        Assert.Contains("nothing was written", (await EdgeProcess.Run("quantize", Model, "--dry-run")).Output);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task What_the_command_line_cannot_mean_is_code_1()
    {
        (await EdgeProcess.Run("quantize", Model)).IsRefusal(1, "-o is missing");
        (await EdgeProcess.Run("quantize", Model, "-o", Out, "--type", "q3_x")).IsRefusal(1, "'q3_x' is no type of files");
        (await EdgeProcess.Run("quantize", Model, "-o", Out, "--tensor-type", "ffn=q2_k")).IsRefusal(1, "is not REGEX=TYPE");
        (await EdgeProcess.Run("quantize", Model, "-o", Out, "--tensor-type", "(=q8_0")).IsRefusal(1, "is not REGEX=TYPE");
        (await EdgeProcess.Run("quantize", Model, "-o", Out, "--report", "r.txt")).IsRefusal(1, "neither in .html nor in .json");
    }

    /// <summary>As on file systems that hold no large files.</summary>
    [Theory, InlineData("out"), InlineData("out.gguf")]
    public async Task A_file_that_is_too_large_for_its_place_is_one_line_and_leaves_nothing(string name)
    {
        string source = name == "out" ? Model : ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-llama");
        string script = $"ulimit -f 256; trap '' XFSZ; $EDGE quantize {source} -o {Path.Combine(folder, name)} --type f16";
        // .NET itself would write its code to files in memory, which the limit counts too.
        var environment = new Dictionary<string, string?> { ["DOTNET_EnableWriteXorExecute"] = "0" };
        EdgeResult result = await EdgeProcess.Shell(new EdgeRun { Arguments = [script], Environment = environment });
        result.IsRefusal(2, "cannot be written");
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_full_disk_is_found_before_anything_is_written()
    {
        EdgeResult allowed = await EdgeProcess.Shell(new EdgeRun { Arguments = ["unshare -rm true"] });
        Assert.SkipUnless(allowed.Code == 0, "needs unshare with user namespaces");
        string script = $"unshare -rm bash -c 'mount -t tmpfs -o size=512k none {folder} && $EDGE quantize {Model} -o {Out}; code=$?; "
            + $"ls {folder}; exit $code'";
        EdgeResult result = await EdgeProcess.Shell(new EdgeRun { Arguments = [script] });
        result.IsRefusal(2, "4 MiB are to be written, 0 MiB are free");
        Assert.Equal("", result.Output);
    }

    [Fact]
    public async Task A_text_is_scored_and_an_adapter_merged()
    {
        string text = Path.Combine(folder, "text.txt");
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat("All the world's a stage. ", 80)),
            TestContext.Current.CancellationToken);
        string tiny = ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-llama"), adapter = ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-lora");
        EdgeResult scored = await EdgeProcess.Run("perplexity", tiny, "--text", text, "--context", "64", "--chunks", "2");
        Assert.Matches(@"^perplexity \d+\.\d{4} ± \d+\.\d{4} \(62 positions of 2 chunks\)\n$", scored.Output);
        EdgeResult merged = await EdgeProcess.Run("merge", adapter, "-o", Out);
        Assert.Matches(@"model\.safetensors: 21 tensors", merged.Output);
        EdgeResult other = await EdgeProcess.Run("perplexity", Out, "--text", text, "--context", "64", "--chunks", "2");
        Assert.NotEqual(scored.Output, other.Output);
        EdgeResult tooLong = await EdgeProcess.Run("perplexity", tiny, "--text", text, "--context", "8192");
        Assert.Equal(2, tooLong.Code);
        Assert.Contains("give a longer text", tooLong.Errors);
    }
}
