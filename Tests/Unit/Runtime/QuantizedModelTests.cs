using System.Text.Json;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Whole models whose linears are converted while loading: equal to the processor's with the same numbers in
/// float32, and still right answers.</summary>
public sealed class QuantizedModelTests(ITestOutputHelper output)
{
    private static readonly StorageType[] Types =
    [
        StorageType.F16, StorageType.Q8_0, StorageType.Q4_0, StorageType.Q4_1, StorageType.Q5_0, StorageType.Q5_1, StorageType.Q4_K,
        StorageType.Q5_K, StorageType.Q6_K,
    ];

    private static readonly TestDevice[] Devices = [TestDevice.Cpu, TestDevice.OpenCl, TestDevice.OpenClPortable];

    /// <summary>Each type on one device, in turn: whether a device's products are right is LinearTests' to say.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, TestDevice>> Models
        => (from type in Types.Index()
            select new TheoryDataRow<string, StorageType, TestDevice>("original-tiny", type.Item, Devices[type.Index % Devices.Length]))
            .Concat([new("hf-tiny", StorageType.Q8_0, TestDevice.Cpu), new("hf-tiny", StorageType.Q4_0, TestDevice.OpenCl)])
            .Concat(from type in Types select new TheoryDataRow<string, StorageType, TestDevice>("original-tiny", type, TestDevice.Cuda));

    /// <summary>Each type on every other device, of the -hf model on one.</summary>
    public static IEnumerable<TheoryDataRow<string, StorageType, TestDevice>> AllModels
        => from flavour in new[] { "original-tiny", "hf-tiny" }.Index()
           from type in Types.Index()
           from device in Devices.Index()
           where (flavour.Index + type.Index + device.Index) % 2 == 0
           where flavour.Index == 0 || (device.Item != TestDevice.OpenClPortable
           && type.Item is not (StorageType.F16 or StorageType.Q4_1 or StorageType.Q5_1))
           select new TheoryDataRow<string, StorageType, TestDevice>(flavour.Item, type.Item, device.Item);

    public static TheoryData<StorageType, TestDevice> Answering => new()
    {
        { StorageType.Q8_0, TestDevice.OpenCl }, { StorageType.Q4_0, TestDevice.Cpu }, { StorageType.Q4_K, TestDevice.Cpu },
        { StorageType.Q8_0, TestDevice.Cuda }, { StorageType.Q4_0, TestDevice.Cuda }, { StorageType.Q4_K, TestDevice.Cuda },
    };

    /// <summary>The rows that <see cref="Answering"/> leaves to a long run.</summary>
    public static TheoryData<StorageType, TestDevice> AnsweringToo => new()
    {
        { StorageType.Q8_0, TestDevice.Cpu }, { StorageType.Q4_0, TestDevice.OpenCl }, { StorageType.Q4_K, TestDevice.OpenCl },
    };

    [Theory, DeviceRows(nameof(Models))]
    public void Every_stage_and_every_greedy_id_is_that_of_the_same_weights_in_float32(string flavour, StorageType type, TestDevice device)
    {
        string folder = Golden.Path($"{flavour}/checkpoint");
        using var dequantized = new DequantizedCheckpoint(folder, type);
        Assert.Equal(3 * 7, dequantized.Converted);
        using VideoLlava reference = VideoLlava.Load(dequantized.Folder, TestDevices.Get(TestDevice.Cpu)),
            exact = VideoLlava.Load(folder, TestDevices.Get(TestDevice.Cpu));
        using VideoLlava model = VideoLlava.Load(folder, TestDevices.Get(device), new LoadOptions(LanguageWeights: type));
        Assert.All(Linears(model), weight => Assert.Equal((type, type), (weight.Type, weight.Buffer.Type)));
        Assert.NotEqual(type, model.Language.Weights.Embedding.Type);
        Assert.Empty(model.Config.Notices.Except(reference.Config.Notices));
        TraceTolerance tolerance = flavour == "hf-tiny" ? TraceTolerance.Hf : TraceTolerance.Original;
        foreach (string name in flavour == "hf-tiny" ? new[] { "image_and_video", "text_only" } : ["video_two_turns", "image_one_turn"])
        {
            TraceFile expected = Run(reference, flavour, name), got = Run(model, flavour, name), stored = Run(exact, flavour, name);
            TraceComparison comparison = TraceComparison.Compare(expected, got, tolerance);
            Assert.True(comparison.FirstDifference == null, $"{comparison.FirstDifference?.Name}: {comparison.FirstDifference?.Detail}");
            Assert.Equal(expected.Find("greedy_ids")!.Ids, got.Find("greedy_ids")!.Ids);
            // The conversion shows: the model that was compared is not the stored one (F16 holds nearly all of BF16's weights).
            StageResult Logits(TraceComparison of) => of.Stages.Single(stage => stage.Name == "logits");
            StageResult lost = Logits(TraceComparison.Compare(stored, got, tolerance));
            output.WriteLine(
                $"{flavour} {name}, {type}: logits off by {Logits(comparison).Error:G3}, by {lost.Error:G3} from the stored weights'");
            Assert.True(type == StorageType.F16 || lost.Error > 100 * tolerance.Logits);
        }
    }

    [Theory, DeviceRows(nameof(AllModels)), Trait("Category", "long")]
    public void Every_stage_and_every_greedy_id_is_that_of_the_same_weights_on_more_devices(string flavour, StorageType type,
        TestDevice device) => Every_stage_and_every_greedy_id_is_that_of_the_same_weights_in_float32(flavour, type, device);

    /// <summary>Accelerators have no kernels of Q3_K; the reference's numbers are rounded to half precision as theirs.</summary>
    [Theory, InlineData(TestDevice.OpenCl), InlineData(TestDevice.Cuda)]
    public void A_type_without_kernels_on_the_device_is_half_precision_there_with_a_notice(TestDevice device)
    {
        using var folder = new TemporaryFolder();
        string stored = WithDown(folder, "stored.gguf", StorageType.Q3_K), rounded = WithDown(folder, "rounded.gguf", StorageType.F16);
        using VideoLlava reference = VideoLlava.Load(rounded, TestDevices.Get(TestDevice.Cpu)),
            model = VideoLlava.Load(stored, TestDevices.Get(device));
        Assert.All(model.Language.Weights.Blocks,
            block => Assert.Equal((StorageType.Q3_K, StorageType.F16), (block.Down.Type, block.Down.Buffer.Type)));
        Assert.Contains("2 tensors are Q3_K, which the device has no kernels for; there they are F16", model.Config.Notices);
        float[] expected = LastLogits(reference), got = LastLogits(model);
        Assert.All(expected.Zip(got), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    /// <summary>The tiny LLaMA whose down projections are those of a golden of blocks, as they are or as halves.</summary>
    private static unsafe string WithDown(TemporaryFolder folder, string name, StorageType type)
    {
        const int Rows = 256, Columns = 512, GoldenRows = 8;
        using var file = new GgufFile(Golden.Path("gguf/tiny_llama/tiny-llama-f16.gguf"));
        using SafeTensors golden = Golden.Tensors("gguf/blocks/q3_k.safetensors");
        byte[] eight = golden.Tensors["weights.bytes"].Span<byte>().ToArray();
        byte[] stored = [.. Enumerable.Range(0, Rows / GoldenRows).SelectMany(_ => eight)], bytes = stored;
        if (type != StorageType.Q3_K)
        {
            bytes = new byte[type.Bytes(Rows * Columns)];
            fixed (byte* from = stored, to = bytes)
                Assert.True(Pack.Rows(new HostRows((nint)from, Rows), StorageType.Q3_K, type, Columns, (nint)to));
        }
        return folder.File(name, GgufWriter.Write(GgufWriter.KeysOf(file), [.. GgufWriter.TensorsOf(file)
            .Select(tensor => tensor.Name.EndsWith("ffn_down.weight") ? tensor with { Type = type, Bytes = bytes } : tensor)]));
    }

    [Theory, DeviceRows(nameof(Answering))]
    public void The_small_trained_model_keeps_its_answers(StorageType type, TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), new LoadOptions(LanguageWeights: type), output, all: false);

    [Theory, DeviceRows(nameof(Answering)), DeviceRows(nameof(AnsweringToo)), Trait("Category", "long")]
    public void The_small_trained_model_keeps_all_its_answers(StorageType type, TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), new LoadOptions(LanguageWeights: type), output);

    [Fact]
    public void Rows_of_broken_super_blocks_get_another_type_and_a_notice()
    {
        using VideoLlava model = VideoLlava.Load(ShapesAnswers.Model, TestDevices.Get(TestDevice.Cpu),
            new LoadOptions(LanguageWeights: StorageType.Q4_K));
        Assert.All(Linears(model), weight => Assert.Equal(StorageType.Q5_0, weight.Type));
        Assert.Equal(
            ["24 tensors have rows of 128 numbers, no whole blocks of Q4_K; they are Q5_0",
            "4 tensors have rows of 352 numbers, no whole blocks of Q4_K; they are Q5_0"],
            model.Config.Notices.Where(notice => notice.Contains("Q4_K")));
    }

    private static float[] LastLogits(VideoLlava model)
    {
        MergedPrompt prompt = MergedPrompt.FromMarkers([1, 300, 301, 302], [], model.Config.Language.Vocabulary);
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        model.Prefill(prompt, state, logits);
        float[] numbers = model.LanguageQueue.Read(logits);
        logits.Buffer.Dispose();
        return numbers;
    }

    private static IEnumerable<Weight> Linears(VideoLlava model)
        => model.Language.Weights.Blocks.SelectMany(block => new[] { block.Qkv, block.Out, block.GateUp, block.Down });

    private static TraceFile Run(VideoLlava model, string flavour, string name)
    {
        string path = Golden.Path($"{flavour}/cases/{name}.safetensors");
        using var file = new SafeTensors(path);
        return TraceRun.Run(model, flavour == "hf-tiny" ? HfPixels(file) : OriginalPixels(name), PromptRows.Read(path), greedy: 48);
    }

    private static List<PixelValues> HfPixels(SafeTensors file)
        => [.. new[] { "pixel_values_images", "pixel_values_videos" }.Where(file.Tensors.ContainsKey)
        .SelectMany(key => PixelTensors.Read(file[key], ModelVariant.Hf))];

    private static List<PixelValues> OriginalPixels(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"original-tiny/cases/{name}.json")));
        using SafeTensors pictures = Golden.Tensors("original-tiny/cases/pictures.safetensors");
        return [.. json.RootElement.GetProperty("pictures").EnumerateArray()
            .SelectMany(picture => PixelTensors.Read(pictures[picture.GetString()!], ModelVariant.Original))];
    }
}
