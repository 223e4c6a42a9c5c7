using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>Where the ids of an answer come from: the host, which reads each step's logits, or the device, some steps ahead.</summary>
internal abstract class TokenSource : IDisposable
{
    /// <summary>Begins an answer and gives its first id.</summary>
    /// <param name="prompt">What the state holds; its ids are the history of the repetition penalty.</param>
    /// <param name="logits">(1, V) of the prompt's last position. They may change.</param>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    public abstract int First(SamplingOptions options, MergedPrompt prompt, Matrix logits);

    /// <summary>The next id. The last one joins the state, and has joined the prompt already.</summary>
    /// <param name="wanted">Ids that the answer may still have.</param>
    /// <exception cref="DeviceFailedException">The model's scores are not numbers.</exception>
    public abstract int Next(MergedPrompt prompt, int wanted);

    public abstract void Dispose();
}
