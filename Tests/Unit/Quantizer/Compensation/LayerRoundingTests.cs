using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Quantizer.Calibration;
using EdgeVideoLlava.Quantizer.Compensation;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Compensation;

/// <summary>Models rounded layer by layer.</summary>
public sealed class LayerRoundingTests(ITestOutputHelper output) : IDisposable
{
    private const string SmolLm = "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", Tiny = "gguf/tiny_llama/hf/tiny-llama";

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Calibrated on clips, measured on others.</summary>
    [Theory, InlineData("q4_0")]
    public void A_trained_model_is_nearer_to_its_original_than_without_compensation(string type)
    {
        string weighted = Path.Combine(folder.Path, "weighted"), target = Path.Combine(folder.Path, "out");
        using Assistant assistant = Assistant.Load(ShapesAnswers.Model, TestDevices.Get(TestDevice.Cpu));
        var files = new CalibrationFiles([.. Enumerable.Range(0, 5).Select(Clip)], 512, 1);
        using CalibratedModel calibrated = CalibratedModel.Collect(assistant, files, byLayers: true, compensates: true, new MemoryStream(), null,
            TestContext.Current.CancellationToken);
        QuantizerOptions options = ModelQuantizerTests.Options(type) with { Importance = calibrated.Importance };
        ModelQuantizer.Run(ShapesAnswers.Model, weighted, options);
        QuantizerReport report = ModelQuantizer.Run(ShapesAnswers.Model, target, options with { Layers = calibrated.Layers });
        WrittenTensor[] rounded = [.. report.Files[0].Tensors.Where(tensor => tensor.Outputs != null)];
        Assert.Equal(28, rounded.Length);
        Assert.All(rounded, tensor => Assert.True(tensor.Outputs!.RelativeError <= tensor.Outputs.OtherError));
        Assert.True(rounded.Count(tensor => tensor.Outputs!.Rounding == OutputReport.Compensated) >= 26);
        double before = LogitError(assistant, weighted), after = LogitError(assistant, target);
        output.WriteLine($"{type}: logits off by {before:0.0000%}, with compensation {after:0.0000%}");
        Assert.InRange(after, 0.3 * before, 0.88 * before);
        Assert.True(rounded.Average(tensor => tensor.Outputs!.RelativeError) < 0.7 * rounded.Average(tensor => tensor.Outputs!.OtherError));
    }

    /// <summary>A model whose layers alone would take more keeps room for prompts; of others all stay below the ceiling.</summary>
    [Theory, InlineData(4096, 11008, 41_000, true), InlineData(4096, 11008, 43_000, false), InlineData(5120, 13824, 24_000, true),
        InlineData(5120, 13824, 25_000, false)]
    public void As_many_prompts_are_kept_as_there_is_room_for(int hidden, int feedForward, int rows, bool fits)
    {
        using var checkpoint = new Checkpoint(Golden.Path(Tiny));
        LlamaConfig config = ConfigReader.Read(checkpoint).Language with
        {
            Hidden = hidden,
            FeedForward = feedForward,
            Heads = hidden / 128,
            KeyValueHeads = hidden / 128,
            HeadSize = 128,
        };
        Assert.Equal(fits, LayerCalibration.Fits(config, rows, 2100));
        if (hidden == 4096) Assert.Equal(fits, LayerCalibration.Bytes(config, rows, 2100) <= 4_000_000_000);
    }

    /// <summary>From a folder and from a GGUF file, whose rows of queries and keys stand in another order.</summary>
    [Fact]
    public void The_order_of_the_rows_does_not_matter()
    {
        Dictionary<string, byte[]>[] tensors = [.. new[] { Tiny, "gguf/tiny_llama/tiny-llama-f16.gguf" }.Select((model, i) =>
        {
            string source = Golden.Path(model), file = Path.Combine(folder.Path, $"{i}.gguf");
            using VideoLlava loaded = VideoLlava.Load(source, TestDevices.Get(TestDevice.Cpu), new LoadOptions(LanguageWeights: StorageType.F16));
            using CalibrationInputs inputs = Inputs(loaded, Texts(4));
            ModelQuantizer.Run(source, file, ModelQuantizerTests.Options("q4_k_m") with
            {
                Importance = Importance(loaded, Texts(4)),
                Layers = new LayerCalibration(loaded, inputs, true),
            });
            using var gguf = new GgufFile(file);
            return GgufWriter.TensorsOf(gguf).ToDictionary(tensor => tensor.Name, tensor => tensor.Bytes);
        })];
        Assert.Equal(tensors[0].Keys.Order(), tensors[1].Keys.Order());
        foreach ((string name, byte[] bytes) in tensors[0])
        {
            int different = bytes.Zip(tensors[1][name]).Count(pair => pair.First != pair.Second);
            Assert.True(different < 0.02 * bytes.Length, $"{name}: {different} of {bytes.Length} bytes differ");
        }
        Assert.Equal(["0.gguf", "0.gguf.manifest.json", "1.gguf", "1.gguf.manifest.json"],
            Directory.EnumerateFileSystemEntries(folder.Path).Select(Path.GetFileName).Order());
    }

    /// <summary>Outputs are measured without a change of a single byte.</summary>
    [Fact]
    public void Measured_alone_the_file_is_the_same()
    {
        string source = Golden.Path(Tiny), weighted = Path.Combine(folder.Path, "weighted.gguf"), file = Path.Combine(folder.Path, "out.gguf");
        using VideoLlava loaded = VideoLlava.Load(source, TestDevices.Get(TestDevice.Cpu));
        QuantizerOptions options = ModelQuantizerTests.Options("q4_0") with { Importance = Importance(loaded, Texts(4)) };
        ModelQuantizer.Run(source, weighted, options);
        using CalibrationInputs inputs = Inputs(loaded, Texts(4));
        QuantizerReport report = ModelQuantizer.Run(source, file, options with { Layers = new LayerCalibration(loaded, inputs, false) });
        Assert.Equal(File.ReadAllBytes(weighted), File.ReadAllBytes(file));
        Assert.All(report.Files[0].Tensors.Where(tensor => tensor.Outputs != null), tensor =>
        {
            Assert.Equal((OutputReport.Weighted, null), (tensor.Outputs!.Rounding, tensor.Outputs.OtherError));
            Assert.InRange(tensor.Outputs.RelativeError, 0.001, 0.5);
            Assert.Equal(1, tensor.Outputs.Cosine, tensor.Outputs.RelativeError);
        });
    }

    /// <summary>The real thing: on the evaluation ids, with exact activations, beside llama.cpp's files with an importance matrix.</summary>
    [Theory, Trait("Category", "long"), InlineData("q4_0", "Q4_0_imatrix", 0.8), InlineData("q4_k_m", "Q4_K_M_imatrix", 1.0)]
    public void The_divergence_is_below_that_of_an_importance_matrix(string type, string reference, double share)
    {
        string source = Golden.Data(SmolLm), file = Path.Combine(folder.Path, "out.gguf");
        using VideoLlava loaded = VideoLlava.Load(source, TestDevices.Get(TestDevice.Cpu));
        using SafeTensors ids = Golden.Tensors("gguf/smollm2_quality/ids.safetensors");
        using (CalibrationInputs inputs = Inputs(loaded, Chunks(ids["calibration"])))
        {
            ModelQuantizer.Run(source, file, ModelQuantizerTests.Options(type) with
            {
                Force = true,
                Importance = ImportanceMatrix.Read(Golden.Path("gguf/smollm2_quality/imatrix.gguf")),
                Layers = new LayerCalibration(loaded, inputs, true),
            });
        }
        using VideoLlava compensated = Load(file);
        var divergence = new Divergence();
        ModelComparison.OnText(divergence, loaded, compensated, Chunks(ids["evaluation"]), null, TestContext.Current.CancellationToken);
        DivergenceReport report = divergence.Report();
        double expected = Json.Load(Golden.Path("gguf/smollm2_quality/kld.json")).GetProperty("files").EnumerateArray()
            .Single(entry => entry.GetProperty("name").GetString() == reference)
            .GetProperty("exact_activations").GetProperty("kld_mean").GetDouble();
        output.WriteLine($"{type}: {report}; with an importance matrix {expected}");
        Assert.InRange(report.Mean, 0, share * expected);
    }

    private static VideoLlava Load(string path) => VideoLlava.Load(path, TestDevices.Get(TestDevice.Cpu));

    private static string Clip(int number) => Path.Combine(ShapesAnswers.Model, "..", "clips", $"clip_{number:00}.mp4");

    /// <summary>Root mean square of what changed in the logits of the original's answers, over their own around their mean: so confident
    /// a model has divergences of 1e-4, whose ratio says little.</summary>
    private static double LogitError(Assistant one, string model)
    {
        const int Most = 64;
        using Assistant other = Assistant.Load(model, TestDevices.Get(TestDevice.Cpu));
        using ChunkLogits before = new(one.Model, Most), after = new(other.Model, Most);
        CancellationToken cancel = TestContext.Current.CancellationToken;
        double squares = 0, errors = 0;
        foreach (string clip in Enumerable.Range(10, 6).Select(Clip))
        {
            IReadOnlyList<int> answer = MediaPrompt.Answer(one, clip, Assistant.Question, Most, cancel);
            using MediaPrompt prompt = MediaPrompt.Make(one, clip, Assistant.Question, answer, cancel),
                same = MediaPrompt.Make(other, clip, Assistant.Question, answer, cancel);
            float[] logits = before.Of(prompt.Prompt, answer.Count, cancel), others = after.Of(same.Prompt, answer.Count, cancel);
            foreach ((float[] row, float[] kept) in logits.Chunk(before.Vocabulary).Zip(others.Chunk(after.Vocabulary)))
            {
                float mean = row.Average(), keptMean = kept.Average();
                squares += row.Sum(x => Math.Pow(x - mean, 2));
                errors += row.Zip(kept).Sum(pair => Math.Pow(pair.First - mean - (pair.Second - keptMean), 2));
            }
        }
        return Math.Sqrt(errors / squares);
    }

    private static ImportanceMatrix Importance(VideoLlava model, int[][] texts)
    {
        var collector = new ImportanceCollector(model);
        foreach (int[] text in texts) collector.Add(MergedPrompt.FromMarkers(text, [], 512), TestContext.Current.CancellationToken);
        return collector.Matrix("random");
    }

    private static CalibrationInputs Inputs(VideoLlava model, int[][] texts)
    {
        var inputs = new CalibrationInputs(model);
        foreach (int[] text in texts) inputs.Add(MergedPrompt.FromMarkers(text, [], model.Config.Language.Vocabulary));
        return inputs;
    }

    private static int[][] Texts(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, 96).Select(_ => random.Next(3, 512)).ToArray())];
    }

    private static int[][] Chunks(HostTensor ids) => [.. ids.ToLongs().Select(id => (int)id).Chunk(512)];
}
