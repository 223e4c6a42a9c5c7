using System.Text.Json;
using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>Batches, padding and truncation of the expanded sequence, against the reference.</summary>
public sealed class PaddedBatchTests
{
    [Theory, InlineData("left"), InlineData("right")]
    public void A_padded_batch_has_the_references_masks_positions_labels_and_logits(string side)
    {
        VideoLlava model = Models.Get(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        using SafeTensors expected = Golden.Tensors($"original-tiny/cases/batch_{side}_padding.safetensors");
        var rows = new List<(MergedPrompt Prompt, int[] Labels)>();
        lock (model)
        {
            for (int i = 0; i < 3; i++)
            {
                // A row without a marker consumes a dummy picture in the reference; nothing of it is used.
                int[] ids = Row(expected, "input_ids", i), labels = Row(expected, "labels", i);
                List<VisionTokens> visuals = ids.Contains(MergedPrompt.VisualMarker) ? Encode(model, $"batch_{side}_padding", i) : [];
                MergedPrompt prompt = MergedPrompt.FromMarkers(ids, visuals, model.Config.Language.Vocabulary);
                rows.Add((prompt, PaddedBatch.Expand(prompt, ids, labels)));
                AssertLogits(model, prompt, expected[$"row{i}.logit_positions"].ToLongs(), expected[$"row{i}.logits"].ToFloats());
            }
        }
        PaddedBatch batch = PaddedBatch.Of(rows, padLeft: side == "left");
        Assert.Equal(expected["attention_mask"].ToLongs(), Flat(batch.Mask));
        Assert.Equal(expected["position_ids"].ToLongs(), Flat(batch.Positions));
        Assert.Equal(expected["expanded_labels"].ToLongs(), Flat(batch.Labels));
    }

    [Theory, InlineData("truncated_in_visual"), InlineData("truncated_in_text")]
    public void A_cut_prompt_keeps_the_references_rows_labels_and_logits(string name)
    {
        VideoLlava model = Models.Get(Golden.Path("original-tiny/checkpoint"), TestDevice.Cpu);
        using SafeTensors expected = Golden.Tensors($"original-tiny/cases/{name}.safetensors");
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"original-tiny/cases/{name}.json")));
        int[] ids = [.. expected["input_ids"].ToLongs().Select(id => (int)id)];
        lock (model)
        {
            MergedPrompt prompt = MergedPrompt.FromMarkers(ids, Encode(model, name, 0), model.Config.Language.Vocabulary);
            prompt.Truncate(json.RootElement.GetProperty("tokenizer_model_max_length").GetInt32());
            Assert.Equal(expected["labels"].ToLongs(), PaddedBatch.Expand(prompt, ids, ids).Select(label => (long)label));
            float[] embeddings = AssertLogits(model, prompt, expected["logit_positions"].ToLongs(), expected["logits"].ToFloats());
            float[] last = expected["inputs_embeds_last8"].ToFloats();
            for (int i = 0; i < last.Length; i++) Assert.Equal(last[i], embeddings[embeddings.Length - last.Length + i], 1e-4);
        }
    }

    private static List<VisionTokens> Encode(VideoLlava model, string name, int picture)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(Golden.Path($"original-tiny/cases/{name}.json")));
        using SafeTensors pictures = Golden.Tensors("original-tiny/cases/pictures.safetensors");
        HostTensor pixels = pictures[json.RootElement.GetProperty("pictures")[picture].GetString()!];
        return [.. PixelTensors.Read(pixels, ModelVariant.Original).Select(visual => model.Encode(visual))];
    }

    /// <summary>Returns the prompt's embeddings.</summary>
    private static float[] AssertLogits(VideoLlava model, MergedPrompt prompt, long[] positions, float[] expected)
    {
        using LlamaState state = model.CreateState();
        int vocabulary = model.Config.Language.Vocabulary;
        Matrix logits = model.Device.AllocateMatrix(prompt.Length, vocabulary);
        float[] embeddings = [];
        model.Prefill(prompt, state, logits, new StageTrace(model.LanguageQueue, (name, _, _, values) =>
        {
            if (name == "inputs_embeds") embeddings = values;
        }));
        float[] got = model.LanguageQueue.Read(logits);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], got[positions[i / vocabulary] * vocabulary + i % vocabulary], 5e-4);
        logits.Buffer.Dispose();
        return embeddings;
    }

    private static int[] Row(SafeTensors file, string name, int row)
    {
        HostTensor mask = file["input_attention_mask"];
        int length = (int)mask.Shape[1];
        return [.. file[name].ToLongs().Skip(row * length).Take(length).Where((_, i) => mask.ToLongs()[row * length + i] != 0)
            .Select(value => (int)value)];
    }

    private static IEnumerable<long> Flat(int[][] rows) => rows.SelectMany(row => row.Select(value => (long)value));
}
