using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Logits and greedy continuations of prompts that are ids alone.</summary>
internal static class TextRun
{
    /// <summary>Logits of the last rows of a prompt.</summary>
    public static float[] Logits(VideoLlava model, IReadOnlyList<int> ids, int rows)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(rows, model.Config.Language.Vocabulary);
        try
        {
            model.Prefill(MergedPrompt.FromMarkers(ids, [], model.Config.Language.Vocabulary), state, logits);
            return model.LanguageQueue.Read(logits);
        }
        finally
        {
            logits.Buffer.Dispose();
        }
    }

    /// <summary>The ids of the largest logits, so many or until an id that ends the answer.</summary>
    public static int[] Greedy(VideoLlava model, IReadOnlyList<int> prompt, int count, int end = -1)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        IntVector next = model.Device.AllocateInts(1);
        var ids = new List<int>();
        model.Prefill(MergedPrompt.FromMarkers(prompt, [], model.Config.Language.Vocabulary), state, logits);
        while (true)
        {
            float[] scores = model.LanguageQueue.Read(logits);
            ids.Add(Array.IndexOf(scores, scores.Max()));
            if (ids.Count == count || ids[^1] == end) break;
            model.LanguageQueue.Write([ids[^1]], next);
            model.Decode([state], next, logits);
        }
        logits.Buffer.Dispose();
        next.Buffer.Dispose();
        return [.. ids];
    }

    /// <summary>The largest difference; NaN is infinite.</summary>
    public static double Worst(ReadOnlySpan<float> expected, ReadOnlySpan<float> got)
    {
        Assert.Equal(expected.Length, got.Length);
        double worst = 0;
        for (int i = 0; i < got.Length; i++)
        {
            double error = Math.Abs((double)expected[i] - got[i]);
            worst = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(worst, error);
        }
        return worst;
    }
}
