namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The number of frames in a container's header, where it is a count of what was written and not an estimate.</summary>
internal static class StreamPromise
{
    public static int Of(string format, long frames)
        => format.StartsWith("mov,", StringComparison.Ordinal) && frames is > 0 and < int.MaxValue ? (int)frames : 0;
}
