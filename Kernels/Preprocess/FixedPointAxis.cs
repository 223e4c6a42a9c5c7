using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>One axis of a resampling of bytes, in device memory: output i is a weighted sum of Taps neighbours from Starts[i] on.</summary>
/// <remarks>Starts (Count); Weights (Count, Taps), whole numbers of which 2^Precision stand for 1. Made once for a
/// size, used by any number of frames.</remarks>
internal sealed class FixedPointAxis : IDisposable
{
    /// <param name="queue">Writes the numbers; other queues may use them once it has been waited for.</param>
    public FixedPointAxis(ComputeQueue queue, ReadOnlySpan<int> starts, ReadOnlySpan<int> weights, int precision)
    {
        ArgumentOutOfRangeException.ThrowIfZero(starts.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 1);
        (Count, Taps, Precision) = (starts.Length, weights.Length / starts.Length, precision);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, Count * Taps);
        (First, End) = (starts[0], starts[0] + Taps);
        foreach (int start in starts) (First, End) = (Math.Min(First, start), Math.Max(End, start + Taps));
        (Starts, Weights) = (queue.Device.AllocateInts(Count), queue.Device.AllocateInts(weights.Length));
        queue.Write(starts, Starts);
        queue.Write(weights, Weights);
    }

    public int Count { get; }
    public int Taps { get; }
    public int Precision { get; }

    /// <summary>The first source place that any output reads, and the one after the last.</summary>
    internal int First { get; }

    internal int End { get; }

    internal IntVector Starts { get; }
    internal IntVector Weights { get; }

    public void Dispose()
    {
        Starts.Buffer.Dispose();
        Weights.Buffer.Dispose();
    }

    internal void Check(int length, string name)
    {
        if (First < 0 || End > length) throw new ArgumentException($"{name} reads places {First} to {End - 1} of {length}");
    }
}
