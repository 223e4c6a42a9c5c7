using System.Text.Json;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Quality;

/// <summary>Perplexities and divergences against the reference's of the same ids.</summary>
public sealed class QualityTests(ITestOutputHelper output) : IDisposable
{
    private const string SmolLm = "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("as_shipped", null, 1)]
    public void The_perplexity_is_the_references(string name, string? type, int chunks)
    {
        using VideoLlava model = Load(type);
        using SafeTensors text = Golden.Tensors("gguf/smollm2/perplexity.safetensors");
        PerplexityReport report = Perplexity.Measure(model, Chunks(text["ids"], chunks), null, TestContext.Current.CancellationToken);
        JsonElement expected = Json.Load(Golden.Path("gguf/smollm2/perplexity.json")).GetProperty("models").GetProperty(name)
            .GetProperty("exact_fp32").GetProperty("cumulative_ppl")[chunks - 1];
        output.WriteLine($"{name}: {report.Value}, the reference's {expected}");
        Assert.Equal(expected.GetDouble(), report.Value, 1e-4 * report.Value);
        Assert.Equal((chunks, 255 * chunks, chunks), (report.Chunks, report.Scored, report.Cumulative.Count));
    }

    [Theory, Trait("Category", "long"), InlineData("as_shipped", null, 4), InlineData("requantized_q8_0", "q8_0", 4),
        InlineData("requantized_q4_0", "q4_0", 4),
        InlineData("requantized_q4_k_m", "q4_k_m", 4)]
    public void The_perplexity_is_the_references_over_more_text(string name, string? type, int chunks)
        => The_perplexity_is_the_references(name, type, chunks);

    /// <summary>The shipped file is its own float32 dequantization, computed exactly.</summary>
    [Theory, InlineData("Q4_0", "q4_0", 2)]
    public void The_divergence_is_the_references_chunk_by_chunk(string name, string type, int chunks)
    {
        using VideoLlava one = Load(null), other = Load(type);
        using SafeTensors ids = Golden.Tensors("gguf/smollm2_quality/ids.safetensors");
        JsonElement means = File(name).GetProperty("exact_per_chunk").GetProperty("kld_mean");
        foreach ((int chunk, int[] tokens) in Chunks(ids["evaluation"], chunks).Index())
        {
            var divergence = new Divergence();
            ModelComparison.OnText(divergence, one, other, [tokens], null, TestContext.Current.CancellationToken);
            DivergenceReport report = divergence.Report();
            Assert.Equal(255, report.Positions);
            Assert.Equal(means[chunk].GetDouble(), report.Mean, 1e-5 + 1e-3 * report.Mean);
        }
    }

    [Theory, Trait("Category", "long"), InlineData("Q8_0", "q8_0", 0.002), InlineData("Q4_K_M", "q4_k_m", 1),
        InlineData("Q4_0_imatrix", "q4_0", 0.16431 + 0.00186), InlineData("Q4_K_M_imatrix", "q4_k_m", 0.03031 + 0.00043)]
    public void The_divergence_is_the_references(string name, string type, double most)
    {
        using VideoLlava one = Load(null), other = Load(type, name.EndsWith("_imatrix", StringComparison.Ordinal));
        using SafeTensors ids = Golden.Tensors("gguf/smollm2_quality/ids.safetensors");
        var divergence = new Divergence();
        ModelComparison.OnText(divergence, one, other, Chunks(ids["evaluation"], 40), null, TestContext.Current.CancellationToken);
        DivergenceReport report = divergence.Report();
        output.WriteLine($"{name}: {report}");
        JsonElement expected = File(name).GetProperty("exact_activations");
        double Of(string key) => expected.GetProperty(key).GetDouble();
        Assert.InRange(report.Mean, 0, most);
        Assert.Equal(Of("kld_mean"), report.Mean, 1e-5 + 1e-3 * report.Mean);
        Assert.Equal(Of("kld_median"), report.Median, 0.01 * report.Median);
        Assert.Equal(Of("kld_p99"), report.Percentile99, 0.01 * report.Percentile99);
        Assert.Equal(Of("top1_agreement_percent"), report.TopAgreementPercent, 0.1);
        Assert.Equal(Of("rms_delta_p_percent"), report.RmsDeltaPercent!.Value, 0.01 * report.RmsDeltaPercent.Value);
        Assert.Equal(Of("ppl"), report.PerplexityB!.Value, 1e-4 * report.PerplexityB.Value);
        Assert.Equal(Of("ppl_base"), report.PerplexityA!.Value, 1e-4 * report.PerplexityA.Value);
    }

    /// <summary>Against the errors that were measured while the file was made, and against itself.</summary>
    [Fact]
    public void Tensors_are_compared_number_by_number()
    {
        string model = Golden.Path("gguf/tiny_llama/hf/tiny-llama"), file = Path.Combine(folder.Path, "out.gguf");
        QuantizerReport written = ModelQuantizer.Run(model, file, ModelQuantizerTests.Options("q4_0") with { Measures = true });
        Dictionary<string, WrittenTensor> measured = written.Files[0].Tensors.ToDictionary(tensor => GgufNames.Canonical(tensor.Name));
        IReadOnlyList<ComparedTensor> compared = TensorComparison.Compare(model, file);
        Assert.Equal(21, compared.Count);
        foreach (ComparedTensor tensor in compared)
        {
            Assert.Equal(measured[tensor.Name].RelativeError!.Value, tensor.RelativeError, 1e-9);
            Assert.Equal(measured[tensor.Name].Cosine!.Value, tensor.Cosine, 1e-9);
            Assert.Equal(tensor.TypeB == "Q4_0", tensor.RelativeError is > 0.05 and < 0.15);
        }
        Assert.All(TensorComparison.Compare(file, file), tensor => Assert.Equal((0, 1), (tensor.RelativeError, Math.Round(tensor.Cosine, 12))));
        Assert.Contains("not two forms of one model", Assert.Throws<BadInputException>(()
            => TensorComparison.Compare(model, Golden.Path("original-tiny/checkpoint"))).Message);
    }

    private VideoLlava Load(string? type, bool isWeighted = false)
    {
        string path = Golden.Data(SmolLm);
        if (type != null)
        {
            string target = Path.Combine(folder.Path, $"{type}.gguf");
            ModelQuantizer.Run(path, target, ModelQuantizerTests.Options(type) with
            {
                Force = true,
                Importance = isWeighted ? ImportanceMatrix.Read(Golden.Path("gguf/smollm2_quality/imatrix.gguf")) : null,
            });
            path = target;
        }
        return VideoLlava.Load(path, TestDevices.Get(TestDevice.Cpu));
    }

    private static JsonElement File(string name) => Json.Load(Golden.Path("gguf/smollm2_quality/kld.json")).GetProperty("files")
        .EnumerateArray().Single(file => file.GetProperty("name").GetString() == name);

    private static int[][] Chunks(HostTensor ids, int count)
        => [.. ids.ToLongs().Select(id => (int)id).Chunk(512).Take(count)];
}
