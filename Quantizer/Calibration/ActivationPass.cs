using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>Runs a prompt through the layers of a language model and shows what each of its matrices is multiplied with.</summary>
internal static class ActivationPass
{
    /// <summary>Stages of a layer (<see cref="LlamaBlock"/>), and the matrices that each is the input of, by their names in a
    /// file.</summary>
    public static IReadOnlyDictionary<string, string[]> Inputs { get; } = new Dictionary<string, string[]>
    {
        ["attn_norm"] = ["attn_q", "attn_k", "attn_v"],
        ["context"] = ["attn_output"],
        ["ffn_norm"] = ["ffn_gate", "ffn_up"],
        ["gate_up"] = ["ffn_down"],
    };

    /// <param name="receive">Layer, stage, columns and the values, row by row.</param>
    public static void Run(VideoLlava model, MergedPrompt prompt, Action<int, string, int, float[]> receive, CancellationToken cancel)
    {
        ComputeQueue queue = model.LanguageQueue;
        Arena arena = model.LanguageArena;
        LlamaConfig config = model.Config.Language;
        using LlamaState state = model.CreateState();
        using var batch = new LlamaBatch(model.Device);
        using Arena.Scope scope = arena.Begin();
        state.Require(prompt.Length);
        Matrix x = arena.Take(prompt.Length, config.Hidden), y = arena.Take(prompt.Length, config.Hidden);
        LlamaActivations activations = LlamaActivations.Take(arena, config, prompt.Length);
        prompt.Embed(queue, model.Language, 0, prompt.Length, x);
        batch.Add(state, prompt.Length);
        batch.Begin(queue);
        for (int layer = 0; layer < config.Layers; layer++, (x, y) = (y, x))
        {
            cancel.ThrowIfCancellationRequested();
            int number = layer;
            LlamaBlock.Forward(queue, config, model.Language.Weights, layer, batch, x, activations, y, new StageTrace(queue,
                (stage, _, columns, values) =>
                {
                    if (Inputs.ContainsKey(stage)) receive(number, stage, columns, values);
                }));
        }
        batch.End();
    }
}
