using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace EdgeVideoLlava.Tests.EndToEnd;

/// <summary>What quantize refuses, and what it leaves behind: nothing under the output's name that is not whole.</summary>
public sealed class BadQuantizeTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string folder = Directory.CreateTempSubdirectory("edge-").FullName;

    private static string TinyLlama => ReferenceFiles.Golden("gguf/tiny_llama/hf/tiny-llama");

    private string Out => Path.Combine(folder, "out.gguf");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task What_is_quantized_already_is_refused_but_for_force()
    {
        string model = ReferenceFiles.Golden("gguf/tiny_llama/tiny-llama-q8_0.gguf");
        (await Quantize(model, "q4_0")).IsRefusal(2, "quantized already (output.weight is Q8_0)");
        Assert.Empty(Left());
        EdgeResult forced = await Quantize(model, "q4_0", "--force");
        Assert.Equal(0, forced.Code);
        Assert.Contains("Q4_0", forced.Output);
    }

    [Theory, InlineData(float.NaN, "NaN"), InlineData(float.PositiveInfinity, "Infinity")]
    public async Task A_number_that_is_not_finite_is_named_and_zero_by_force(float bad, string shown)
    {
        string model = Copy(TinyLlama, "model");
        string file = Path.Combine(model, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        int header = (int)BitConverter.ToInt64(bytes);
        JsonElement tensor = JsonDocument.Parse(bytes.AsMemory(8, header)).RootElement.GetProperty("model.layers.0.mlp.up_proj.weight");
        Assert.Equal("F16", tensor.GetProperty("dtype").GetString());
        BitConverter.TryWriteBytes(bytes.AsSpan(8 + header + tensor.GetProperty("data_offsets")[0].GetInt32() + 2 * (256 * 7 + 5)), (Half)bad);
        File.WriteAllBytes(file, bytes);
        (await Quantize(model, "q4_0")).IsRefusal(2, $"model.layers.0.mlp.up_proj.weight F16 [512, 256]: row 7, column 5 is {shown}; "
            + "the checkpoint is damaged: fetch it again, or take 0 in its place with --force");
        Assert.Equal(["model"], Left());
        EdgeResult forced = await Quantize(model, "q4_0", "--force");
        Assert.Equal(0, forced.Code);
        Assert.Contains("1 numbers were not finite; they are 0 now", forced.Errors);
    }

    [Fact]
    public async Task A_storage_with_other_bytes_than_were_written_is_named()
    {
        string model = Copy(ReferenceFiles.Golden("original-tiny/checkpoint-bin"), "model");
        foreach (string file in Directory.GetFiles(model, "pytorch_model*.bin"))
        {
            byte[] bytes = File.ReadAllBytes(file);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(file, bytes);
        }
        Assert.Equal(0, (await EdgeProcess.Run("inspect", model)).Code); // reads no numbers
        EdgeResult result = await EdgeProcess.Run("quantize", model, "-o", Path.Combine(folder, "out"));
        result.IsRefusal(2, "is damaged: its bytes have not the CRC-32 that was stored with them; fetch it again");
        Assert.Matches(@"pytorch_model\S*\.bin: broken PyTorch file at byte \d+: the entry \S+/data/\d+ is damaged", result.Errors);
        Assert.Equal(["model"], Left());
        EdgeResult asked = await EdgeProcess.Run("chat", "--model", model, "--ask", "Hello", "--device", "cpu");
        Assert.Equal((2, ""), (asked.Code, asked.Output));
        Assert.Contains("is damaged", asked.Errors.TrimEnd('\n').Split('\n')[^1]);
    }

    [Fact]
    public async Task Rows_that_are_no_whole_blocks_get_a_type_that_is_named()
    {
        string model = Path.Combine(EdgeProcess.Repository, "Samples/ShapesWorld/model");
        EdgeResult result = await EdgeProcess.Run("quantize", model, "--type", "q4_k_m", "--dry-run");
        Assert.Equal(0, result.Code);
        Assert.Matches(@"edge: \d+ tensors have rows of \d+ numbers, no whole blocks of Q4_K; they become Q5_0", result.Errors);
    }

    [Fact]
    public async Task The_model_itself_is_never_replaced_under_whatever_name()
    {
        string model = Path.Combine(folder, "m.gguf"), link = Path.Combine(folder, "link.gguf");
        File.Copy(ReferenceFiles.Golden("gguf/tiny_llama/tiny-llama-f16.gguf"), model);
        byte[] before = File.ReadAllBytes(model);
        File.CreateSymbolicLink(link, model);
        (await EdgeProcess.Run("quantize", model, "-o", model, "--type", "q8_0")).IsRefusal(2, "which is read; choose another output path");
        (await EdgeProcess.Run("quantize", model, "-o", link, "--type", "q8_0")).IsRefusal(2, "which is read; choose another output path");
        (await EdgeProcess.Run("quantize", model, "-o", Out, "--type", "q8_0", "--report", model.Replace("m.gguf", "./m.gguf")))
            .IsRefusal(1, "ends neither in .html nor in .json");
        Assert.Equal(before, File.ReadAllBytes(model));
        Assert.Equal(["link.gguf", "m.gguf"], Left());
    }

    /// <summary>A folder is refused; a file keeps its old bytes until the new ones are whole.</summary>
    [Fact]
    public async Task An_output_that_exists_is_lost_to_no_failure()
    {
        string full = Directory.CreateDirectory(Path.Combine(folder, "full")).FullName;
        File.WriteAllText(Path.Combine(full, "mine.txt"), "mine");
        (await EdgeProcess.Run("quantize", TinyLlama, "-o", full)).IsRefusal(2, "this exists already; choose another output folder");
        Assert.Equal("mine", File.ReadAllText(Path.Combine(full, "mine.txt")));
        File.WriteAllText(Out, "old");
        (await Quantize(ReferenceFiles.Golden("gguf/tiny_llama/tiny-llama-q8_0.gguf"), "q4_0")).IsRefusal(2, "quantized already");
        Assert.Equal("old", File.ReadAllText(Out));
        Assert.Equal(0, (await Quantize(TinyLlama, "q8_0")).Code);
        Assert.StartsWith("GGUF", Encoding.Latin1.GetString(File.ReadAllBytes(Out)));
        Assert.Equal(["full", "out.gguf", "out.gguf.manifest.json"], Left());
    }

    /// <summary>An interrupt takes everything away; a kill can leave a file under a temporary name, never one under the output's.</summary>
    [Theory, Trait("Category", "long")]
    [InlineData("out", "INT")]
    [InlineData("out.gguf", "KILL")]
    public async Task Interrupted_half_way_there_is_nothing_under_the_name(string name, string signal)
    {
        string model = ReferenceFiles.Data("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf");
        string[] line = ["quantize", model, "-o", Path.Combine(folder, name), "--type", "q4_k_m", "--force"];
        using Process process = await EdgeProcess.Start(new EdgeRun { Arguments = line });
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        for (var clock = Stopwatch.StartNew(); Written() < 4 << 20; await Task.Delay(10))
            Assert.True(clock.Elapsed < Limit && !process.HasExited, $"nothing was written: {(process.HasExited ? await errors : "")}");
        Process.Start("kill", [$"-{signal}", process.Id.ToString()]).WaitForExit();
        Assert.True(process.WaitForExit(Limit));
        Assert.False(Path.Exists(Path.Combine(folder, name)));
        Assert.Equal("", await output);
        if (signal == "KILL")
        {
            Assert.All(Left(), file => Assert.EndsWith(".part", file));
            return;
        }
        Assert.Empty(Left());
        Assert.Equal((130, "edge: interrupted\n"), (process.ExitCode, await errors));
    }

    private long Written()
    {
        try
        {
            return new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        }
        catch (IOException)
        {
            return 0; // it is just being made
        }
    }

    private Task<EdgeResult> Quantize(string model, string type, params string[] more)
        => EdgeProcess.Run(["quantize", model, "-o", Out, "--type", type, .. more]);

    private string[] Left() => [.. Directory.EnumerateFileSystemEntries(folder).Select(file => Path.GetFileName(file)!).Order()];

    private string Copy(string model, string name)
    {
        string target = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        foreach (string file in Directory.GetFiles(model)) File.WriteAllBytes(Path.Combine(target, Path.GetFileName(file)), File.ReadAllBytes(file));
        return target;
    }
}
