using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Trainer;

/// <summary>The loss of a micro-batch: mean cross entropy over all its supervised positions, position t predicting label t + 1.</summary>
/// <remarks>
/// As LlamaForCausalLM on the sequences of prepare_inputs_labels_for_multimodal: the mean is over the micro-batch, not over the tokens of
/// an accumulated batch, and dialogues without pictures count too.
/// </remarks>
/// <param name="Sum">Summed negative log-likelihood in nats.</param>
/// <param name="Supervised">Supervised positions; 0 where truncation or masking left none, and the loss is then 0, not NaN.</param>
internal sealed record BatchLoss(double Sum, int Supervised)
{
    public double Mean => Supervised == 0 ? 0 : Sum / Supervised;

    /// <summary>Runs the samples forward, one after the other: padding would change nothing but the time.</summary>
    /// <exception cref="BadInputException">A sample's markers and visuals do not match, or it does not fit into the context.</exception>
    internal static BatchLoss Of(VideoLlava model, IReadOnlyList<TrainingSample> batch, Func<int, StageTrace?>? trace = null,
        CancellationToken cancel = default)
    {
        (double sum, int supervised) = (0, 0);
        for (int i = 0; i < batch.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            (double sampleSum, int sampleSupervised) = OfSample(model, batch[i], trace?.Invoke(i));
            sum += sampleSum;
            supervised += sampleSupervised;
        }
        return new BatchLoss(sum, supervised);
    }

    private static (double Sum, int Supervised) OfSample(VideoLlava model, TrainingSample sample, StageTrace? trace)
    {
        List<VisionTokens> visuals = [];
        try
        {
            foreach (PixelValues pixels in sample.Visuals) visuals.Add(model.Encode(pixels));
            MergedPrompt prompt = sample.Merge(model, visuals);
            return OfPrompt(model, prompt, PaddedBatch.Expand(prompt, sample.Ids, sample.Labels), trace);
        }
        finally
        {
            foreach (VisionTokens visual in visuals) visual.Dispose();
        }
    }

    private static (double Sum, int Supervised) OfPrompt(VideoLlava model, MergedPrompt prompt, int[] labels, StageTrace? trace)
    {
        int[] targets = [.. labels.Skip(1)];
        int supervised = targets.Count(label => label != CrossEntropy.Ignored);
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(prompt.Length, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        model.Prefill(prompt, state, logits, trace);
        trace?.Record("logits", logits);
        return (supervised == 0 ? 0 : SumOf(model, logits.RowRange(0, targets.Length), targets), supervised);
    }

    private static double SumOf(VideoLlava model, Matrix logits, int[] targets)
    {
        IntVector labels = model.Device.AllocateInts(targets.Length);
        Matrix losses = model.Device.AllocateMatrix(targets.Length, 1);
        using DeviceBuffer labelMemory = labels.Buffer, lossMemory = losses.Buffer;
        model.LanguageQueue.Write(targets, labels);
        CrossEntropy.Run(model.LanguageQueue, logits, labels, losses);
        return model.LanguageQueue.Read(losses).Sum(loss => (double)loss);
    }
}
