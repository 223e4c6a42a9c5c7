using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>Whole models with fp16 activations: within what the references' own half precision loses, and still right answers.</summary>
public sealed class HalfPrecisionTests(ITestOutputHelper output)
{
    /// <summary>Largest and root-mean-square difference of logits: the bounds of the references' READMEs.</summary>
    private static (double Largest, double Rms) Bounds(string flavour) => flavour == "hf-tiny" ? (0.2, 0.02) : (0.4, 0.03);

    public static IEnumerable<TheoryDataRow<string, string, TestDevice>> Cases
        => from name in new[] { ("original-tiny", "image_one_turn"), ("original-tiny", "video_one_turn"),
        ("original-tiny", "video_then_image"), ("original-tiny", "text_only"),
                ("hf-tiny", "image_and_video"), ("hf-tiny", "two_turns"), ("hf-tiny", "text_only") }
           from device in TestDevices.WithHalves
           select new TheoryDataRow<string, string, TestDevice>(name.Item1, name.Item2, device);

    [Theory, DeviceRows(nameof(Cases))]
    public void Logits_from_the_references_embeddings_are_within_its_half_precision(string flavour, string name, TestDevice device)
    {
        VideoLlava model = Models.Get(Golden.Path($"{flavour}/checkpoint"), device);
        TraceFile golden = TraceFile.Read(Golden.Path($"{flavour}/cases/{name}.safetensors"));
        float[] embeddings = golden.Find("inputs_embeds")!.Floats!, logits = golden.Find("logits")!.Floats!;
        int columns = model.Config.Language.Hidden, vocabulary = model.Config.Language.Vocabulary, rows = embeddings.Length / columns;
        long[] positions = golden.Find("logit_positions")?.Ids ?? [.. Enumerable.Range(0, rows).Select(row => (long)row)];
        lock (model)
        {
            using LlamaState state = model.CreateState();
            float[] got = Forward(model, state, embeddings, rows);
            Compare($"{flavour} {name}", flavour, vocabulary, logits,
                [.. positions.SelectMany(position => got.Skip((int)position * vocabulary).Take(vocabulary))]);
            if (golden.Find("greedy_logits")?.Floats is { } steps)
                Follow(model, state, flavour, [.. golden.Find("greedy_ids")!.Ids!.Select(id => (int)id)], steps, vocabulary);
        }
    }

    public static TheoryData<StorageType?, TestDevice> Answering => new()
    {
        { null, TestDevice.OpenClHalf }, { StorageType.Q4_0, TestDevice.OpenClPortableHalf },
        { null, TestDevice.CudaHalf }, { StorageType.Q8_0, TestDevice.CudaHalf }, { StorageType.Q4_0, TestDevice.CudaHalf },
    };

    /// <summary>The rows that <see cref="Answering"/> leaves to a long run.</summary>
    public static TheoryData<StorageType?, TestDevice> AnsweringToo => new()
    {
        { StorageType.Q8_0, TestDevice.OpenClHalf }, { StorageType.Q4_0, TestDevice.OpenClHalf },
    };

    [Theory, DeviceRows(nameof(Answering))]
    public void The_small_trained_model_keeps_its_answers(StorageType? type, TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), new LoadOptions(LanguageWeights: type), output, all: false);

    [Theory, DeviceRows(nameof(Answering)), DeviceRows(nameof(AnsweringToo)), Trait("Category", "long")]
    public void The_small_trained_model_keeps_all_its_answers(StorageType? type, TestDevice device)
        => ShapesAnswers.AssertKept(TestDevices.Get(device), new LoadOptions(LanguageWeights: type), output);

    private static float[] Forward(VideoLlava model, LlamaState state, float[] embeddings, int rows)
    {
        using var batch = new LlamaBatch(model.Device);
        using var arena = new Arena(model.Device);
        Matrix x = arena.Take(rows, model.Config.Language.Hidden), hidden = arena.Take(rows, model.Config.Language.Hidden);
        Matrix logits = arena.Take(rows, model.Config.Language.Vocabulary);
        model.LanguageQueue.Write(embeddings, x);
        batch.Add(state, rows);
        model.Language.Forward(model.LanguageQueue, x, batch, arena, hidden);
        model.Language.Logits(model.LanguageQueue, hidden, arena, logits);
        return model.LanguageQueue.Read(logits);
    }

    /// <summary>Feeds the reference's ids one by one: the logits of every step are compared, one flipped id changes nothing.</summary>
    private void Follow(VideoLlava model, LlamaState state, string flavour, int[] ids, float[] expected, int vocabulary)
    {
        IntVector id = model.Device.AllocateInts(1);
        Matrix logits = model.Device.AllocateMatrix(1, vocabulary);
        var got = new List<float>(expected[..vocabulary]); // the first step's are the prompt's last logits, compared before
        foreach (int next in ids[..^1])
        {
            model.LanguageQueue.Write([next], id);
            model.Decode([state], id, logits);
            got.AddRange(model.LanguageQueue.Read(logits));
        }
        Compare("greedy steps", flavour, vocabulary, expected, [.. got]);
        id.Buffer.Dispose();
        logits.Buffer.Dispose();
    }

    private void Compare(string what, string flavour, int vocabulary, float[] expected, float[] got)
    {
        Assert.Equal(expected.Length, got.Length);
        (double largest, double rms) = Bounds(flavour);
        double[] errors = [.. expected.Zip(got, (a, b) => double.IsNaN(b) ? double.PositiveInfinity : Math.Abs((double)a - b))];
        double worst = errors.Max(), mean = Math.Sqrt(errors.Sum(error => error * error) / errors.Length);
        Assert.True(worst <= largest
            && mean <= rms, $"{what}: logits differ by {worst:G3} (allowed {largest}), rms {mean:G3} (allowed {rms})");
        int compared = 0;
        for (int at = 0; at < expected.Length; at += vocabulary)
        {
            float[] row = expected[at..(at + vocabulary)];
            int best = Array.IndexOf(row, row.Max());
            if (row[best] - row.Where((_, i) => i != best).Max() <= largest) continue;
            compared++;
            float[] ours = got[at..(at + vocabulary)];
            Assert.Equal(best, Array.IndexOf(ours, ours.Max()));
        }
        Assert.True(compared > 0);
        Assert.True(mean > 1e-5, "the activations were not rounded at all");
        output.WriteLine($"{what}: logits differ by at most {worst:G3}, rms {mean:G3}; {compared} best ids are equal");
    }
}
