using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

/// <summary>Ids of the host and of the device are the same, and both tell when there are none.</summary>
public sealed class TokenSourceTests
{
    private const string Tiny = "original-tiny/checkpoint";

    /// <summary>The seventh id cannot be read: the answer is good up to there, and fails in the middle of steps that
    /// were given together.</summary>
    [Theory]
    [InlineData(TestDevice.Cpu, 0f), InlineData(TestDevice.Cpu, 0.5f)]
    [InlineData(TestDevice.OpenClPortable, 0f), InlineData(TestDevice.OpenClPortable, 0.5f)]
    public void Scores_that_stop_being_numbers_fail_there(TestDevice device, float temperature)
    {
        var options = new GenerationOptions
        {
            MaxTokens = 9,
            Sampling = new SamplingOptions { Temperature = temperature, TopK = 20, Seed = 5 }
        };
        int[] ids;
        using (TinyModel healthy = new(Golden.Path(Tiny))) ids = healthy.Text(10);
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(_ => { });
        IReadOnlyList<int> free = OnDevice(copy.Path, device, ids, options);
        Assert.DoesNotContain(free[6], free.Take(6).Concat(ids));
        copy.Tensors(tensors =>
        {
            (long[] shape, float[] table) = tensors["model.embed_tokens.weight"];
            table.AsSpan(free[6] * (int)shape[1], (int)shape[1]).Fill(float.NaN);
        });
        string shown = "";
        Assert.Contains("not numbers", Assert.Throws<DeviceFailedException>(
            () => OnDevice(copy.Path, device, ids, options, piece => shown += piece)).Message);
        Assert.NotEmpty(shown);
    }

    private static IReadOnlyList<int> OnDevice(string folder, TestDevice device, int[] ids, GenerationOptions options,
        Action<string>? text = null)
    {
        using VideoLlava model = VideoLlava.Load(folder, TestDevices.Get(device));
        using var generator = new Generator(model, TextTokenizer.Load(folder));
        return generator.Run(MergedPrompt.FromMarkers(ids, [], model.Config.Language.Vocabulary), options, null, text).Ids;
    }

    [Theory, InlineData(TestDevice.Cpu), InlineData(TestDevice.OpenClPortable), InlineData(TestDevice.Cuda)]
    public void The_ids_are_those_of_the_sampler_step_by_step(TestDevice device)
    {
        SamplingOptions among20 = new() { Temperature = 1.2f, TopK = 20, RepetitionPenalty = 1.4f, Seed = 7 };
        SamplingOptions among3 = new() { Temperature = 2, TopK = 3, Seed = 8 }, penalty = new() { RepetitionPenalty = 3 };
        AssertStepByStep(Golden.Path(Tiny), device, among20, among20, penalty, among3, new(), penalty, new(), among20);
    }

    [Theory, InlineData(TestDevice.Cpu), InlineData(TestDevice.OpenClPortable), InlineData(TestDevice.Cuda)]
    public void Every_id_of_the_answer_counts_for_the_penalty(TestDevice device)
    {
        using DoctoredCheckpoint repeating = Repeating();
        AssertStepByStep(repeating.Path, device, new SamplingOptions { RepetitionPenalty = 100 });
        Assert.Equal(Enumerable.Repeat(301, 5), OnDevice(repeating.Path, device, [1, 301], new GenerationOptions { MaxTokens = 5 }));
    }

    /// <summary>One generator, whose answers are chosen in one way after another.</summary>
    private static void AssertStepByStep(string folder, TestDevice device, params SamplingOptions[] answers)
    {
        using VideoLlava model = VideoLlava.Load(folder, TestDevices.Get(device));
        TextTokenizer tokenizer = TextTokenizer.Load(folder);
        using var generator = new Generator(model, tokenizer);
        MergedPrompt Prompt() => MergedPrompt.FromMarkers([1, .. Enumerable.Range(300, 12)], [], model.Config.Language.Vocabulary);
        foreach (SamplingOptions sampling in answers)
        {
            Answer answer = generator.Run(Prompt(), new GenerationOptions { MaxTokens = 15, Sampling = sampling }, null);
            Assert.Equal(15, answer.Ids.Count);
            Assert.Equal(StepByStep(model, Prompt(), sampling, tokenizer.FirstUnsampledId, 15), answer.Ids);
        }
    }

    /// <summary>The layers add nothing and the head is the embedding: the last id is the likeliest next, unless the
    /// history counts.</summary>
    private static DoctoredCheckpoint Repeating() => new DoctoredCheckpoint(Golden.Path(Tiny)).Tensors(tensors =>
    {
        tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"];
        foreach ((string name, (long[] _, float[] values)) in tensors)
        {
            if (name.EndsWith("self_attn.o_proj.weight") || name.EndsWith("mlp.down_proj.weight")) values.AsSpan().Clear();
        }
    });

    private static List<int> StepByStep(VideoLlava model, MergedPrompt prompt, SamplingOptions sampling, int candidates, int count)
    {
        int vocabulary = model.Config.Language.Vocabulary;
        var sampler = new Sampler(sampling, vocabulary, Math.Min(vocabulary, candidates));
        using LlamaState state = model.CreateState();
        IntVector next = model.Device.AllocateInts(1);
        Matrix logits = model.Device.AllocateMatrix(1, vocabulary);
        using DeviceBuffer idMemory = next.Buffer, memory = logits.Buffer;
        model.Prefill(prompt, state, logits);
        var ids = new List<int>();
        while (true)
        {
            ids.Add(sampler.Next(model.LanguageQueue.Read(logits), prompt.IdSpan));
            if (ids.Count == count) return ids;
            prompt.Append(ids[^1]);
            model.LanguageQueue.Write([ids[^1]], next);
            model.Decode([state], next, logits);
        }
    }
}
