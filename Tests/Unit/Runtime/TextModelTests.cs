using System.Text.Json;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime;

/// <summary>LLaMA models without eyes, from GGUF files of every type and from a folder, against exact float32 arithmetic on the same weights.</summary>
public sealed class TextModelTests(ITestOutputHelper output)
{
    private const string SmolLm2 = "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf";

    public static IEnumerable<TheoryDataRow<string, TestDevice>> Tiny
        => from file in new[] { "hf/tiny-llama", "tiny-llama-f16.gguf", "tiny-llama-q8_0.gguf", "tiny-llama-q4_0.gguf",
            "tiny-llama-q4_k_m.gguf", "tiny-llama-q6_k.gguf" }
           from device in TestDevices.ForModels
           select new TheoryDataRow<string, TestDevice>(file, device);

    [Theory, DeviceRows(nameof(Tiny))]
    public void Logits_and_greedy_ids_are_those_of_exact_arithmetic(string file, TestDevice device)
    {
        string path = Golden.Path($"gguf/tiny_llama/{file}");
        string type = file.Contains("-q") ? file["tiny-llama-".Length..^".gguf".Length] : "";
        using SafeTensors expected = Golden.Tensors("gguf/tiny_llama/expected.safetensors");
        JsonElement json = Json.Load(Golden.Path("gguf/tiny_llama/expected.json"));
        VideoLlava model = Models.Get(path, device);
        TextTokenizer tokenizer = TextTokenizer.Load(path);
        Assert.Equal(ModelVariant.Text, model.Config.Variant);
        lock (model)
        {
            foreach (JsonElement prompt in json.GetProperty("prompts").EnumerateArray())
            {
                int[] ids = prompt.GetProperty("ids_with_bos").Ids();
                Assert.Equal(ids, tokenizer.Encode(prompt.Text("text")));
                string name = $"{prompt.Text("name")}.logits.{(type.Length == 0 ? "hf_fp32" : $"{type}.exact_fp32")}";
                double worst = TextRun.Worst(expected[name].Span<float>(), TextRun.Logits(model, ids, ids.Length));
                output.WriteLine($"{name}: {worst:G3}");
                Assert.True(worst <= 1e-4, $"{name} differs by {worst:G3}");
            }
            JsonElement greedy = json.GetProperty("greedy")[0];
            int[] wanted = type.Length == 0 ? greedy.GetProperty("hf_fp32").GetProperty("ids").Ids()
                : greedy.GetProperty(type).GetProperty("exact_fp32_ids").Ids();
            Assert.Equal(wanted, TextRun.Greedy(model, greedy.GetProperty("ids_with_bos").Ids(), wanted.Length));
        }
    }

    /// <summary>Q4_K_M stores the values of some layers in more bits than queries and keys: there they stand apart.</summary>
    [Fact]
    public void Weights_stay_in_the_types_of_the_file_and_in_the_file()
    {
        VideoLlava model = Models.Get(Golden.Path("gguf/tiny_llama/tiny-llama-q4_k_m.gguf"), TestDevice.Cpu);
        Assert.Equal(["Q4_K", "Q4_K"], model.Language.Weights.Blocks.Select(block => block.Qkv.Type.ToString()));
        Assert.Equal([null, "Q6_K"], model.Language.Weights.Blocks.Select(block => block.Value?.Type.ToString()));
        Assert.Empty(model.Config.Notices);
        using var checkpoint = new Checkpoint(Golden.Path("gguf/tiny_llama/tiny-llama-q4_k_m.gguf"));
        MemoryNeed need = MemoryNeed.Of(checkpoint, model.Config);
        var tensors = new ModelTensors(model.Config);
        long Joined(ParameterSpec parameter) => parameter.Tensors.Sum(tensor => checkpoint.Tensors[tensor.Name].Bytes);
        long joined = tensors.Language.Blocks.Sum(block => Joined(block.Qkv) + Joined(block.GateUp)
            - (block == tensors.Language.Blocks[1] ? checkpoint.Tensors[block.Qkv.Tensors[2].Name].Bytes : 0));
        Assert.Equal(checkpoint.Tensors.Values.Where(tensor => tensor.Shape.Count == 2).Sum(tensor => tensor.Bytes) - joined, need.Mapped);
    }

    /// <summary>200 steps from the begin-of-text token alone, byte for byte: rotary pairs, grouped heads, a head that equals the embedding.</summary>
    [Fact]
    public void A_trained_model_tells_the_reference_s_story()
    {
        string path = Golden.Data("tinyllama/stories260K.gguf");
        VideoLlava model = Models.Get(path, TestDevice.Cpu);
        TextTokenizer tokenizer = TextTokenizer.Load(path);
        int[] ids = TextRun.Greedy(model, [tokenizer.BosId], 200, tokenizer.BosId);
        string expected = File.ReadAllText(Golden.Data("tinyllama/expected_stories260K_greedy_n200.txt"));
        Assert.StartsWith(expected, tokenizer.Decode(ids));
    }

    /// <summary>The way of a program: chat template, tokens, answer, text.</summary>
    [Fact]
    public void SmolLM2_answers_a_question_as_exact_arithmetic_does()
    {
        JsonElement expected = Json.Load(Golden.Path("gguf/smollm2/greedy.json")).GetProperty("cases")[4];
        using Assistant assistant = Assistant.Load(Golden.Data(SmolLm2), TestDevices.Get(TestDevice.Cpu));
        using Conversation conversation = assistant.Start();
        Answer answer = conversation.Ask("What is gravity?", new GenerationOptions { MaxTokens = 64 });
        Assert.Equal(expected.GetProperty("exact_fp32").GetProperty("ids").Ids(), answer.Ids);
        Assert.Equal(expected.GetProperty("ids").GetArrayLength(), answer.PromptPositions);
    }

    [Fact]
    public void SmolLM2_scores_words_as_exact_arithmetic_does()
    {
        using SafeTensors expected = Golden.Tensors("gguf/smollm2/logits.safetensors");
        VideoLlava model = Models.Get(Golden.Data(SmolLm2), TestDevice.Cpu);
        for (int prompt = 0; prompt < 2; prompt++)
        {
            int[] ids = [.. expected[$"prompt{prompt}.ids"].ToLongs().Select(id => (int)id)];
            double worst = TextRun.Worst(expected[$"prompt{prompt}.exact_fp32.last3_logits"].Span<float>(), TextRun.Logits(model, ids, 3));
            output.WriteLine($"prompt {prompt}: {worst:G3}");
            Assert.True(worst <= 1e-3, $"logits differ by {worst:G3}");
        }
    }

    [Fact, Trait("Category", "long")]
    public void SmolLM2_goes_on_as_exact_arithmetic_does()
    {
        VideoLlava model = Models.Get(Golden.Data(SmolLm2), TestDevice.Cpu);
        TextTokenizer tokenizer = TextTokenizer.Load(Golden.Data(SmolLm2));
        Assert.All(Json.Load(Golden.Path("gguf/smollm2/greedy.json")).GetProperty("cases").EnumerateArray(), test =>
        {
            int[] prompt = test.GetProperty("ids").Ids();
            Assert.Equal(prompt, tokenizer.EncodePrompt(test.Text("prompt")));
            Assert.Equal(test.GetProperty("exact_fp32").GetProperty("ids").Ids(), TextRun.Greedy(model, prompt, 64, end: 2));
        });
    }

    [Fact, Trait("Category", "long")]
    public void SmolLM2_has_the_perplexity_of_exact_arithmetic()
    {
        using SafeTensors ids = Golden.Tensors("gguf/smollm2/perplexity.safetensors");
        JsonElement expected = Json.Load(Golden.Path("gguf/smollm2/perplexity.json")).GetProperty("models").GetProperty("as_shipped")
            .GetProperty("exact_fp32");
        VideoLlava model = Models.Get(Golden.Data(SmolLm2), TestDevice.Cpu);
        double sum = 0;
        for (int chunk = 0; chunk < 4; chunk++)
        {
            int[] text = [.. ids["ids"].ToLongs().Skip(512 * chunk).Take(512).Select(id => (int)id)];
            float[] logits = TextRun.Logits(model, text, 256);
            double mean = Enumerable.Range(0, 255).Average(row => NegativeLog(logits.AsSpan(row * 49152, 49152), text[257 + row]));
            output.WriteLine($"chunk {chunk}: {Math.Exp(mean):0.0000}");
            sum += mean;
        }
        double wanted = expected.GetProperty("ppl").GetDouble();
        Assert.InRange(Math.Exp(sum / 4), wanted * 0.9999, wanted * 1.0001);
    }

    private static double NegativeLog(ReadOnlySpan<float> logits, int id)
    {
        double largest = float.MinValue, sum = 0;
        foreach (float logit in logits) largest = Math.Max(largest, logit);
        foreach (float logit in logits) sum += Math.Exp(logit - largest);
        return largest + Math.Log(sum) - logits[id];
    }
}
