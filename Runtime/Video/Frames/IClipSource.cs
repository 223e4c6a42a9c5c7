namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>A back end that has opened a clip.</summary>
internal interface IClipSource : IDisposable
{
    int Width { get; }
    int Height { get; }

    /// <summary>Every frame that decodes, in the order shown.</summary>
    FrameIndex Index { get; }

    /// <summary>The frames with these indices, ascending and distinct, one by one.</summary>
    IEnumerable<Frame> Read(IReadOnlyList<int> indices, CancellationToken cancellation);
}
