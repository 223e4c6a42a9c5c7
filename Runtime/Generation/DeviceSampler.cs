using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Elementwise;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Kernels.Sampling;

namespace EdgeVideoLlava.Runtime.Generation;

/// <summary>What <see cref="Sampler"/> does, on the device, where the state of the random numbers and the history are too.</summary>
/// <remarks>
/// Same order, same formulas, double where the sampler computes in double: from the same logits and state the same tokens, but for a draw
/// within 10^-15 of the border.
/// </remarks>
internal sealed class DeviceSampler : IDisposable
{
    /// <summary>Each of the k costs a pass over the logits.</summary>
    private const int LargestK = 64;

    private readonly int candidates;
    private readonly IntVector best, state, marks;
    private readonly Matrix settings, scores;

    /// <param name="rows">Length of the logits (V).</param>
    /// <param name="candidates">Ids from this one on are never chosen.</param>
    /// <param name="k">See <see cref="DrawnAmong"/>.</param>
    public DeviceSampler(ComputeDevice device, int rows, int candidates, int k)
    {
        (this.candidates, K) = (candidates, k);
        best = device.AllocateInts(Math.Min(k + 1, candidates)); // one more tells whether others equal the k-th
        state = device.AllocateInts(2);
        marks = device.AllocateInts(rows);
        settings = device.AllocateMatrix(1, SamplingSettings.Count);
        scores = device.AllocateMatrix(1, best.Length);
    }

    public int K { get; }

    /// <summary>Whether tokens are drawn on the device by such options: among few, and there.</summary>
    public static bool Serves(SamplingOptions options, ComputeDevice device)
        => device.DrawsTokens && DrawnAmong(options) is >= 1 and <= LargestK;

    /// <summary>How many of the largest logits matter; 0: all.</summary>
    public static int DrawnAmong(SamplingOptions options) => options.Temperature == 0 ? 1 : options.TopK;

    /// <summary>Begins an answer; the options' seed begins the random numbers.</summary>
    public void Begin(ComputeQueue queue, SamplingOptions options, ReadOnlySpan<int> history)
    {
        var seen = new int[marks.Length];
        foreach (int id in history)
        {
            if ((uint)id < (uint)seen.Length) seen[id] = 1;
        }
        queue.Write(seen, marks);
        queue.Write([(int)(uint)options.Seed, (int)(uint)(options.Seed >> 32)], state);
        queue.Write([options.RepetitionPenalty, options.Temperature, options.TopP, options.MinP], settings);
    }

    /// <summary>Gives the choice of one token. Changes the logits.</summary>
    /// <param name="logits">(1, V)</param>
    /// <param name="score">(1, 1): the likeliest's log-probability; no number if a logit is none.</param>
    public void Give(ComputeQueue queue, Matrix logits, IntVector id, Matrix score)
    {
        RepetitionPenalty.Run(queue, logits, marks, settings);
        TopK.Run(queue, logits, candidates, best, scores);
        CopyRows.Run(queue, scores.ColumnRange(0, 1), score);
        DrawToken.Run(queue, logits, candidates, K, best, settings, state, marks, id);
    }

    public void Dispose()
    {
        DeviceBuffer[] buffers = [best.Buffer, state.Buffer, marks.Buffer, settings.Buffer, scores.Buffer];
        foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
    }
}
