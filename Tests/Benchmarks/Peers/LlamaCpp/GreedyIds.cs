using System.Text;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;
using LLama;
using LLama.Common;
using LLama.Native;

namespace EdgeVideoLlava.Tests.Benchmarks.Peers.LlamaCpp;

/// <summary>Likeliest ids of both programs, from the same file and prompt.</summary>
internal static class GreedyIds
{
    /// <summary>A context whose products alone round activations: the KV cache is float32.</summary>
    public static ModelParams Parameters(string file) => new(file)
    {
        ContextSize = 512,
        GpuLayerCount = 0,
        FlashAttention = false,
        TypeK = GGMLType.GGML_TYPE_F32,
        TypeV = GGMLType.GGML_TYPE_F32,
    };

    public static string Compare(string file, string text, int count)
    {
        using Assistant assistant = Assistant.Load(file, new AssistantOptions { Device = "cpu", Exact = true });
        using Conversation conversation = assistant.Start(PromptTemplate.Get("raw"));
        int[] ours = [.. conversation.Ask(text, new GenerationOptions { MaxTokens = count }).Ids];
        using LLamaWeights weights = LLamaWeights.LoadFromFile(Parameters(file));
        LLamaToken[] prompt = weights.Tokenize(text, true, false, Encoding.UTF8);
        bool samePrompt = prompt.Select(token => (int)token).SequenceEqual(assistant.Tokenizer.Encode(text));
        int[] theirs = Continue(weights, file, prompt, ours.Length, null), along = Continue(weights, file, prompt, ours.Length, ours);
        int same = ours.Zip(theirs).TakeWhile(pair => pair.First == pair.Second).Count();
        int likeliest = ours.Zip(along).Count(pair => pair.First == pair.Second);
        return $"prompt ids {(samePrompt ? "equal" : "differ")}; {same} of {ours.Length} greedy ids equal before the first difference, "
            + $"{likeliest} of {ours.Length} likeliest ids along ours";
    }

    /// <param name="along">Ids to go on with; null: its own.</param>
    private static int[] Continue(LLamaWeights weights, string file, LLamaToken[] prompt, int count, int[]? along)
    {
        using LLamaContext context = weights.CreateContext(Parameters(file));
        var ids = new List<int>();
        var batch = new LLamaBatch();
        for (int i = 0; i < prompt.Length; i++) batch.Add(prompt[i], i, LLamaSeqId.Zero, i == prompt.Length - 1);
        while (true)
        {
            if (context.Decode(batch) != DecodeResult.Ok) throw new InvalidOperationException("llama.cpp did not decode");
            ReadOnlySpan<float> logits = context.NativeHandle.GetLogitsIth(batch.TokenCount - 1);
            int best = 0;
            for (int i = 1; i < logits.Length; i++)
            {
                if (logits[i] > logits[best]) best = i;
            }
            ids.Add(best);
            if (ids.Count == count) return [.. ids];
            batch.Clear();
            batch.Add(along?[ids.Count - 1] ?? best, prompt.Length + ids.Count - 1, LLamaSeqId.Zero, true);
        }
    }
}
