using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Preprocess;

/// <summary>One axis of a resampling in float32, in device memory: output i is a weighted sum of the places
/// Positions[i, 0..Taps-1].</summary>
/// <remarks>Positions, Weights (Count, Taps). A place outside of the frame stands for the background around it.</remarks>
internal sealed class PointAxis : IDisposable
{
    /// <param name="queue">Writes the numbers; other queues may use them once it has been waited for.</param>
    public PointAxis(ComputeQueue queue, ReadOnlySpan<int> positions, ReadOnlySpan<float> weights, int taps)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(taps);
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, positions.Length);
        Count = positions.Length / taps;
        ArgumentOutOfRangeException.ThrowIfNotEqual(positions.Length, Count * taps);
        (Positions, Weights) = (queue.Device.AllocateInts(positions.Length), queue.Device.AllocateMatrix(Count, taps));
        queue.Write(positions, Positions);
        queue.Write(weights, Weights);
    }

    public int Count { get; }
    public int Taps => Weights.Columns;

    internal IntVector Positions { get; }
    internal Matrix Weights { get; }

    public void Dispose()
    {
        Positions.Buffer.Dispose();
        Weights.Buffer.Dispose();
    }
}
