using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Quantizer.Compensation;

/// <summary>Prompts on their way through a language model, all of them layer by layer: the rows that stand before the next layer.</summary>
internal sealed class CalibrationInputs : IDisposable
{
    private readonly VideoLlava model;
    private readonly List<Matrix> prompts = [];
    private readonly LlamaConfig oneLayer;
    private readonly LlamaState state;
    private readonly LlamaBatch batch;

    public CalibrationInputs(VideoLlava model)
    {
        this.model = model;
        oneLayer = model.Config.Language with { Layers = 1 };
        state = new LlamaState(model.Device, oneLayer, StorageType.F32);
        batch = new LlamaBatch(model.Device);
    }

    /// <summary>Positions of all prompts.</summary>
    public long Rows => prompts.Sum(prompt => (long)prompt.Rows);

    public int Longest => prompts.Count == 0 ? 0 : prompts.Max(prompt => prompt.Rows);

    /// <summary>Prompts that are kept.</summary>
    public int Count => prompts.Count;

    /// <summary>Embeds a prompt, if there is room for it; it may then go.</summary>
    /// <returns>Whether it was taken.</returns>
    /// <exception cref="BadInputException">It does not fit into the model's context.</exception>
    public bool Add(MergedPrompt prompt)
    {
        state.Require(prompt.Length);
        if (!LayerCalibration.Fits(model.Config.Language, Rows + prompt.Length, Math.Max(Longest, prompt.Length))) return false;
        Matrix rows = model.Device.AllocateMatrix(prompt.Length, oneLayer.Hidden);
        prompts.Add(rows);
        prompt.Embed(model.LanguageQueue, model.Language, 0, prompt.Length, rows);
        model.LanguageQueue.Wait();
        return true;
    }

    /// <summary>Runs a layer over all prompts and shows what it computes; the prompts stay before it.</summary>
    /// <param name="receive">Activations and result of each prompt, valid during the call.</param>
    public void Run(LlamaBlockWeights block, Action<LlamaActivations, Matrix> receive, CancellationToken cancel)
        => Each(block, (_, activations, result) => receive(activations, result), cancel);

    /// <summary>Takes all prompts through a layer.</summary>
    public void Advance(LlamaBlockWeights block, CancellationToken cancel)
        => Each(block, (prompt, _, result) => CopyRows.Run(model.LanguageQueue, result, prompt), cancel);

    public void Dispose()
    {
        foreach (Matrix prompt in prompts) prompt.Buffer.Dispose();
        batch.Dispose();
        state.Dispose();
    }

    private void Each(LlamaBlockWeights block, Action<Matrix, LlamaActivations, Matrix> receive, CancellationToken cancel)
    {
        ComputeQueue queue = model.LanguageQueue;
        LlamaWeights weights = model.Language.Weights with { Blocks = [block] };
        foreach (Matrix prompt in prompts)
        {
            cancel.ThrowIfCancellationRequested();
            using Arena.Scope scope = model.LanguageArena.Begin();
            Matrix result = model.LanguageArena.Take(prompt.Rows, oneLayer.Hidden);
            LlamaActivations activations = LlamaActivations.Take(model.LanguageArena, oneLayer, prompt.Rows) with
            {
                FeedForwardNorm = model.LanguageArena.TakeActivations(prompt.Rows, oneLayer.Hidden),
            };
            batch.Clear();
            batch.Add(state, prompt.Rows); // the state stays empty: every prompt and layer begins at position 0
            batch.Begin(queue);
            LlamaBlock.Forward(queue, oneLayer, weights, 0, batch, prompt, activations, result);
            receive(prompt, activations, result);
            queue.Wait();
        }
    }
}
