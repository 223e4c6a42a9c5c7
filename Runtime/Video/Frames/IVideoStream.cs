namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>What a back end can do with the first video stream of a file. Which frames are right is not its business.</summary>
internal interface IVideoStream : IDisposable
{
    /// <summary>Reads the container from end to end; decodes nothing.</summary>
    StreamFacts List(CancellationToken cancellation);

    /// <summary>Decodes and yields the selected frames, in the order shown.</summary>
    IEnumerable<DecodedFrame> Decode(FrameSelection selection, CancellationToken cancellation);

    /// <summary>Complaints of the decoder so far.</summary>
    int Failures { get; }
}
