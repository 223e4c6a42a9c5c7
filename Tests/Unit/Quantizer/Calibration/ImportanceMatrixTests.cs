using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Calibration;

public sealed class ImportanceMatrixTests : IDisposable
{
    private const string Quality = "gguf/smollm2_quality";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Both_forms_of_a_file_say_the_same_and_what_is_written_is_read_again()
    {
        ImportanceMatrix file = ImportanceMatrix.Read(Golden.Path($"{Quality}/imatrix.gguf")),
            old = ImportanceMatrix.Read(Golden.Path($"{Quality}/imatrix.dat"));
        Assert.Equal((210, "calib.txt", 32, 512, "calib.txt", 32),
            (file.Names.Count(), file.Data, file.Chunks, file.ChunkLength, old.Data, old.Chunks));
        Assert.Equal(file.Names.Order(), old.Names.Order());
        string path = Path.Combine(folder.Path, "written.gguf");
        file.Write(path);
        Assert.Equal(File.ReadAllBytes(Golden.Path($"{Quality}/imatrix.gguf")), File.ReadAllBytes(path));
        string renamed = folder.File("imatrix.dat", File.ReadAllBytes(path));
        Assert.Equal(file.Names.Order(), ImportanceMatrix.Read(renamed).Names.Order());
        foreach (string name in file.Names)
        {
            int columns = name.Contains("ffn_down") ? 1536 : 576;
            float[] means = file.Of(name, columns)!;
            Assert.All(means.Zip(old.Of(name, columns)!), pair => Assert.Equal(pair.First, pair.Second, 1e-6f * pair.First));
        }
        Assert.Null(file.Of("token_embd.weight", 576));
        Assert.Contains("blk.0.attn_k.weight has 576 columns there and 4096 in the model",
            Assert.Throws<BadInputException>(() => file.Of("blk.0.attn_k.weight", 4096)).Message);
    }

    [Fact]
    public void Broken_files_are_refused()
    {
        byte[] old = File.ReadAllBytes(Golden.Path($"{Quality}/imatrix.dat"));
        foreach (int length in new[] { 0, 3, 4, 7, 20, 30, 36, 500, 300_000 })
            Assert.Throws<BadInputException>(() => ImportanceMatrix.Read(folder.File("cut.dat", old[..length])));
        byte[] negative = [.. old];
        int at = 4 + 4 + BitConverter.ToInt32(old, 4) + 8; // the first number of the first entry
        BitConverter.TryWriteBytes(negative.AsSpan(at), -1f);
        Assert.Contains("no mean squares", Assert.Throws<BadInputException>(()
            => ImportanceMatrix.Read(folder.File("negative.dat", negative))).Message);
        BitConverter.TryWriteBytes(negative.AsSpan(0), int.MaxValue);
        Assert.Contains("the number of entries is 2147483647", Assert.Throws<BadInputException>(()
            => ImportanceMatrix.Read(folder.File("many.dat", negative))).Message);
        Assert.Contains("no importance matrix", Assert.Throws<BadInputException>(()
            => ImportanceMatrix.Read(Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"))).Message);
    }

    /// <summary>The first layer's inputs follow from the embeddings alone.</summary>
    [Fact]
    public void Collected_sums_are_those_of_what_the_matrices_are_multiplied_with()
    {
        string model = Golden.Path("gguf/tiny_llama/hf/tiny-llama");
        int[] ids = [1, 300, 17, 17, 411, 5];
        using VideoLlava loaded = VideoLlava.Load(model, TestDevices.Get(TestDevice.Cpu));
        var collector = new ImportanceCollector(loaded);
        collector.Add(MergedPrompt.FromMarkers(ids, [], 512), TestContext.Current.CancellationToken);
        collector.Add(MergedPrompt.FromMarkers(ids, [], 512), TestContext.Current.CancellationToken);
        ImportanceMatrix matrix = collector.Matrix("text");
        Assert.Equal((14, 2, 6), (matrix.Names.Count(), matrix.Chunks, matrix.ChunkLength));
        using var checkpoint = new Checkpoint(model);
        float[] table = checkpoint.Tensors["embed_tokens.weight"].ToFloats(), norm = checkpoint.Tensors["layers.0.input_layernorm.weight"].ToFloats();
        var expected = new double[256];
        foreach (int id in ids)
        {
            ReadOnlySpan<float> row = table.AsSpan(id * 256, 256);
            double squares = 0;
            foreach (float x in row) squares += (double)x * x;
            for (int i = 0; i < 256; i++) expected[i] += Math.Pow(row[i] / Math.Sqrt(squares / 256 + 1e-5) * norm[i], 2) / ids.Length;
        }
        foreach (string name in new[] { "attn_q", "attn_k", "attn_v" })
            Assert.All(expected.Zip(matrix.Of($"blk.0.{name}.weight", 256)!), pair => Assert.Equal(pair.First, pair.Second, 1e-5 * pair.First));
        Assert.NotEqual(matrix.Of("blk.0.ffn_up.weight", 256), matrix.Of("blk.1.ffn_up.weight", 256));
        Assert.Equal(512, matrix.Of("blk.1.ffn_down.weight", 512)!.Length);
    }

    /// <summary>llama.cpp's own collection on the same ids, whose products round activations to 8 bits.</summary>
    [Fact, Trait("Category", "long")]
    public void Collected_sums_are_the_references()
    {
        using VideoLlava model = VideoLlava.Load(Golden.Data("smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"), TestDevices.Get(TestDevice.Cpu));
        using SafeTensors ids = Golden.Tensors($"{Quality}/ids.safetensors");
        var collector = new ImportanceCollector(model);
        foreach (long[] chunk in ids["calibration"].ToLongs().Chunk(512))
            collector.Add(MergedPrompt.FromMarkers([.. chunk.Select(id => (int)id)], [], 49152), TestContext.Current.CancellationToken);
        ImportanceMatrix got = collector.Matrix(""), expected = ImportanceMatrix.Read(Golden.Path($"{Quality}/imatrix.gguf"));
        Assert.Equal(expected.Names.Order(), got.Names.Order());
        foreach (string name in expected.Names)
        {
            int columns = name.Contains("ffn_down") ? 1536 : 576;
            float[] one = expected.Of(name, columns)!, other = got.Of(name, columns)!;
            double error = Math.Sqrt(one.Zip(other, (a, b) => Math.Pow(a - b, 2)).Sum() / one.Sum(a => (double)a * a));
            Assert.InRange(error, 0, 1e-3);
        }
    }
}
