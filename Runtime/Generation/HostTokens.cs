using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Each step's logits are read, and a <see cref="Sampler"/> chooses.</summary>
internal sealed class HostTokens(VideoLlava model, LlamaState state, int candidates) : TokenSource
{
    private readonly IntVector last = model.Device.AllocateInts(1);
    private readonly float[] hostLogits = new float[model.Config.Language.Vocabulary];
    private Sampler? sampler;
    private Matrix logits; // the prompt's, used again for every step

    public override int First(SamplingOptions options, MergedPrompt prompt, Matrix logits)
    {
        sampler = new Sampler(options, hostLogits.Length, candidates);
        this.logits = logits;
        return Choose(prompt);
    }

    public override int Next(MergedPrompt prompt, int wanted)
    {
        model.LanguageQueue.Write(prompt.IdSpan[^1..], last);
        model.Decode([state], last, logits);
        return Choose(prompt);
    }

    public override void Dispose() => last.Buffer.Dispose();

    private int Choose(MergedPrompt prompt)
    {
        model.LanguageQueue.Read(logits, hostLogits);
        return sampler!.Next(hostLogits, prompt.IdSpan);
    }
}
