using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>A conversation's row of decode steps: its KV cache, and how its ids are chosen: on the device where that can be, else from
/// logits that the host reads.</summary>
/// <param name="candidates">Ids from here on are never chosen.</param>
internal sealed class DecodeRow(VideoLlava model, LlamaState state, int candidates) : IDisposable
{
    /// <summary>In place of an id: the scores were not numbers.</summary>
    public const int NoNumber = -1;

    private List<int> history = [];
    private Sampler? host;
    private float[]? hostLogits;

    public LlamaState State { get; } = state;

    public int Candidates { get; } = candidates;

    /// <summary>Draws on the device; null where the likeliest is taken, or where the host chooses.</summary>
    public DeviceSampler? Drawing { get; private set; }

    /// <summary>Whether the host must read a step's logits before the next step can be given.</summary>
    public bool IsOnHost => host != null;

    /// <summary>Begins an answer.</summary>
    /// <param name="ids">Ids so far, for the repetition penalty. Whoever takes a chosen id appends it before the next step.</param>
    public void Begin(SamplingOptions options, List<int> ids)
    {
        history = ids;
        bool draws = !options.IsGreedy && DeviceSampler.Serves(options, model.Device);
        host = draws || options.IsGreedy ? null : new Sampler(options, model.Config.Language.Vocabulary, Candidates);
        int among = draws ? DeviceSampler.DrawnAmong(options) : 0;
        if ((Drawing?.K ?? 0) != among)
        {
            Drawing?.Dispose();
            Drawing = draws ? new DeviceSampler(model.Device, model.Config.Language.Vocabulary, Candidates, among) : null;
        }
        Drawing?.Begin(model.LanguageQueue, options, CollectionsMarshal.AsSpan(ids));
    }

    /// <summary>Gives the device the choice of an id.</summary>
    /// <param name="logits">(1, V); they may change.</param>
    /// <param name="score">(1, 1): no number if a logit is none.</param>
    public void Choose(Matrix logits, IntVector id, Matrix score)
    {
        if (Drawing is { } sampler) sampler.Give(model.LanguageQueue, logits, id, score);
        else TopK.Run(model.LanguageQueue, logits, Candidates, id, score);
    }

    /// <summary>Reads logits (1, V) and chooses; <see cref="NoNumber"/> if they are none.</summary>
    public int ChooseOnHost(Matrix logits)
    {
        hostLogits ??= new float[logits.Columns];
        model.LanguageQueue.Read(logits, hostLogits);
        try
        {
            return host!.Next(hostLogits, CollectionsMarshal.AsSpan(history));
        }
        catch (DeviceFailedException)
        {
            return NoNumber;
        }
    }

    public void Dispose() => Drawing?.Dispose();
}
