using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;

/// <summary>What cannot be converted is one line, and leaves nothing behind.</summary>
public sealed class BadConversionTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private string Out => Path.Combine(folder.Path, "out");

    public void Dispose() => folder.Dispose();

    [Theory, InlineData(float.NaN), InlineData(float.NegativeInfinity)]
    public void A_number_that_is_not_finite_is_named_by_its_place(float bad)
    {
        using var model = new DoctoredCheckpoint(Golden.Path("gguf/tiny_llama/hf/tiny-llama"));
        model.Tensors(tensors => tensors["model.layers.1.self_attn.k_proj.weight"].Values[256 * 65 + 3] = bad);
        string message = Refusal(model.Path, $"{Out}.gguf", "q4_0");
        Assert.Contains($"model.layers.1.self_attn.k_proj.weight F32 [128, 256]: row 65, column 3 is {bad}", message);
        Nothing();
        QuantizerReport report = ModelQuantizer.Run(model.Path, $"{Out}.gguf", ModelQuantizerTests.Options("q4_0") with { Force = true });
        Assert.Contains("1 numbers were not finite; they are 0 now", report.Notices);
    }

    [Fact]
    public void A_number_that_a_type_cannot_hold_is_refused_with_the_tensor()
    {
        using var model = new DoctoredCheckpoint(Golden.Path("gguf/tiny_llama/hf/tiny-llama"));
        model.Tensors(tensors => tensors["model.layers.0.mlp.up_proj.weight"].Values[5] = 1e6f);
        Assert.Contains("row 0 holds numbers that are too large for F16; give tensors of the name blk.0.ffn_up.weight another type",
            Refusal(model.Path, $"{Out}.gguf", "f16"));
        Nothing();
    }

    [Fact]
    public void What_is_quantized_already_is_refused()
    {
        string model = Golden.Path("gguf/tiny_llama/tiny-llama-q8_0.gguf");
        Assert.Contains("quantized already (output.weight is Q8_0)", Refusal(model, $"{Out}.gguf", "q4_0"));
        Nothing();
        ModelQuantizer.Run(model, $"{Out}.gguf", ModelQuantizerTests.Options("q8_0")); // nothing is rounded
        Assert.Equal(File.ReadAllBytes(model), File.ReadAllBytes($"{Out}.gguf"));
    }

    [Fact]
    public void An_output_replaces_neither_its_input_nor_a_folder()
    {
        string model = Path.Combine(folder.Path, "m.gguf");
        File.Copy(Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"), model);
        Assert.Contains("which is read", Refusal(model, model, "q8_0"));
        Directory.CreateDirectory(Out);
        File.WriteAllText(Path.Combine(Out, "mine.txt"), "");
        Assert.Contains("this exists already", Refusal(model, Out, "q8_0"));
        Assert.Equal(["m.gguf", "out"], Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
        File.Delete(Path.Combine(Out, "mine.txt"));
        ModelQuantizer.Run(model, Out, ModelQuantizerTests.Options("q8_0")); // an empty folder is none
        Assert.Equal(["language-q8_0.gguf", "manifest.json"], Directory.GetFiles(Out).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Several_files_do_not_fit_into_one()
        => Assert.Contains("this model becomes 3 files (language model, image tower and projector, video tower); give a folder",
            Refusal(Golden.Path("original-tiny/checkpoint"), $"{Out}.gguf", "q8_0"));

    [Theory, InlineData("out"), InlineData("out.gguf")]
    public void What_is_interrupted_leaves_nothing(string output)
    {
        using var stop = new CancellationTokenSource();
        var progress = new Stopping(stop);
        Assert.ThrowsAny<OperationCanceledException>(() => ModelQuantizer.Run(Golden.Path("gguf/tiny_llama/hf/tiny-llama"),
            Path.Combine(folder.Path, output), ModelQuantizerTests.Options("q8_0"), progress, stop.Token));
        Assert.InRange(progress.Last, 0.1, 0.9);
        Nothing();
    }

    private void Nothing() => Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));

    private static string Refusal(string model, string output, string type)
        => Assert.Throws<BadInputException>(() => ModelQuantizer.Run(model, output, ModelQuantizerTests.Options(type))).Message;

    private sealed class Stopping(CancellationTokenSource stop) : IProgress<QuantizerProgress>
    {
        public double Last { get; private set; }

        public void Report(QuantizerProgress value)
        {
            Last = value.Done;
            if (value.Done > 0.5) stop.Cancel();
        }
    }
}
