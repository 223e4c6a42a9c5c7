using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>A <see cref="DecodeLoop"/> chooses, and computes some ids ahead.</summary>
internal sealed class DeviceTokens(VideoLlava model, LlamaState state, int candidates) : TokenSource
{
    private readonly DecodeLoop loop = new(model, [state], candidates);
    private readonly int[] ahead = new int[model.Device.StepsAhead];
    private int used, computed;

    /// <summary>Whether such options choose on this device.</summary>
    public static bool Serves(SamplingOptions options, ComputeDevice device) => options.IsGreedy || DeviceSampler.Serves(options, device);

    public override int First(SamplingOptions options, MergedPrompt prompt, Matrix logits)
    {
        (used, computed) = (0, 0);
        loop.Begin(0, options.IsGreedy ? null : options, prompt.IdSpan);
        return loop.First(0, logits);
    }

    public override int Next(MergedPrompt prompt, int wanted)
    {
        if (used == computed)
        {
            (used, computed) = (0, Math.Min(Math.Min(ahead.Length, wanted), state.Context - state.Length));
            loop.Run(prompt.IdSpan[^1..], ahead.AsSpan(0, computed));
        }
        return ahead[used++];
    }

    public override void Dispose() => loop.Dispose();
}
