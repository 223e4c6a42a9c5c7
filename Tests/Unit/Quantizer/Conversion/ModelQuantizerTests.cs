using System.Text.RegularExpressions;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;

/// <summary>Files against llama.cpp's own of the same models: every byte.</summary>
public sealed class ModelQuantizerTests : IDisposable
{
    private const string SmolLm = "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("f32"), InlineData("f16"), InlineData("q8_0"), InlineData("q4_0"), InlineData("q4_k_m"), InlineData("q6_k")]
    public void A_folder_of_safetensors_becomes_the_file_that_the_reference_makes(string type)
    {
        WrittenFile file = Convert(Golden.Path("gguf/tiny_llama/hf/tiny-llama"), type).Files.Single();
        Assert.Equal(Digest($"gguf/tiny_llama/tiny-llama-{type}"), file.Sha256);
    }

    [Theory, InlineData("smollm2/requant_q4_k_m", "q4_k_m"), InlineData("smollm2/requant_q4_0", "q4_0")]
    public void A_file_becomes_the_one_that_the_reference_makes(string golden, string type)
        => Assert.Equal(Digest($"gguf/{golden}"), Convert(Golden.Data(SmolLm), type, force: true).Files.Single().Sha256);

    [Theory, Trait("Category", "long"), InlineData("smollm2/requant_q8_0", "q8_0"), InlineData("smollm2_quality/q6_k", "q6_k"),
        InlineData("smollm2_quality/q5_k_m", "q5_k_m")]
    public void A_file_becomes_the_one_that_the_reference_makes_too(string golden, string type)
        => A_file_becomes_the_one_that_the_reference_makes(golden, type);

    /// <summary>With an importance matrix, the file's name in the keys too.</summary>
    [Theory, InlineData("q4_k_m")]
    public void A_file_with_an_importance_matrix_becomes_the_one_that_the_reference_makes(string type)
    {
        ImportanceMatrix importance = ImportanceMatrix.Read(Golden.Path("gguf/smollm2_quality/imatrix.gguf"));
        WrittenFile file = Convert(Golden.Data(SmolLm), type, force: true, importance).Files.Single();
        Assert.Equal(Digest($"gguf/smollm2_quality/{type}_imatrix"), file.Sha256);
    }

    [Theory, Trait("Category", "long"), InlineData("q4_0")]
    public void A_file_with_an_importance_matrix_becomes_the_one_that_the_reference_makes_too(string type)
        => A_file_with_an_importance_matrix_becomes_the_one_that_the_reference_makes(type);

    /// <summary>All keys, tensors and places but the name of the model.</summary>
    [Theory, InlineData("q8_0", "mmproj-compat-f16")]
    public void An_mmproj_file_is_of_the_form_that_old_and_new_programs_read(string type, string golden)
    {
        string model = Path.Combine(folder.Path, "model");
        Directory.CreateDirectory(model);
        File.CreateSymbolicLink(Path.Combine(model, "model.gguf"), Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"));
        File.CreateSymbolicLink(Path.Combine(model, "mmproj.gguf"), Golden.Path("gguf/mmproj/mmproj-f32.gguf"));
        string output = Path.Combine(folder.Path, "out");
        ModelQuantizer.Run(model, output, Options(type));
        using var expected = new GgufFile(Golden.Path($"gguf/mmproj/{golden}.gguf"));
        using var got = new GgufFile(Path.Combine(output, "mmproj-f16.gguf"));
        Assert.Equal(expected.Keys.Names, got.Keys.Names);
        Assert.All(expected.Keys.Names.Where(key => key != "general.name"),
            key => Assert.Equal(expected.Keys.Copy(key).Value, got.Keys.Copy(key).Value));
        Assert.Equal(Places(expected), Places(got));
        Assert.All(GgufWriter.TensorsOf(expected).Zip(GgufWriter.TensorsOf(got)),
            pair => Assert.Equal(pair.First.Bytes, pair.Second.Bytes));
    }

    [Fact]
    public void Tensors_whose_names_match_get_types_of_their_own()
    {
        QuantizerOptions options = Options("q8_0") with
        {
            Overrides = [(new Regex("ffn_down"), StorageType.F16), (new Regex(@"blk\.1\."), StorageType.Q4_K)],
        };
        QuantizerReport report = ModelQuantizer.Plan(Golden.Path("gguf/tiny_llama/hf/tiny-llama"), options);
        Dictionary<string, string> types = report.Files.Single().Tensors.ToDictionary(tensor => tensor.Name, tensor => tensor.Type);
        Assert.Equal(("F16", "F16", "Q4_K", "Q8_0", "F32"), (types["blk.0.ffn_down.weight"], types["blk.1.ffn_down.weight"],
            types["blk.1.attn_q.weight"], types["blk.0.attn_q.weight"], types["blk.1.attn_norm.weight"]));
        Assert.Null(report.Files.Single().Sha256);
    }

    /// <summary>The rules as llama.cpp has them, by its own lists of two models; those of the fall-backs stand in the hashes.</summary>
    [Theory, InlineData("q4_k_s", 30, "Q5_K,Q5_K,Q5_K,Q5_K,Q4_K,Q4_K", "Q5_K,Q5_K,Q5_K,Q4_K,Q4_K,Q4_K")]
    public void A_small_mix_gives_more_bits_to_the_first_layers(string type, int layers, string values, string down)
    {
        FileType mix = FileType.Find(type)!;
        IEnumerable<StorageType> Of(string name)
            => Enumerable.Range(0, 6).Select(layer => mix.Of($"blk.{layer}.{name}.weight", layer, layers, 4096, false, false));
        Assert.Equal(values, string.Join(',', Of("attn_v")));
        Assert.Equal(down, string.Join(',', Of("ffn_down")));
    }

    private QuantizerReport Convert(string model, string type, bool force = false, ImportanceMatrix? importance = null)
    {
        QuantizerOptions options = Options(type) with { Force = force, Importance = importance };
        QuantizerReport report = ModelQuantizer.Run(model, Path.Combine(folder.Path, "out.gguf"), options);
        Assert.Equal(new FileInfo(Path.Combine(folder.Path, "out.gguf")).Length, report.Bytes);
        return report;
    }

    internal static QuantizerOptions Options(string type) => new() { Type = FileType.Find(type)! };

    private static string Digest(string golden)
        => Json.Load(Golden.Path($"{golden}.describe.json")).GetProperty("file_sha256").GetString()!;

    private static IEnumerable<(string, StorageType, string, long)> Places(GgufFile file)
        => file.Tensors.Select(tensor
            => (tensor.Name, tensor.Type, string.Join(',', tensor.Sizes), tensor.Offset - file.Tensors[0].Offset));
}
