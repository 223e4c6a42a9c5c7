namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>Memory for the pixels of decoded frames.</summary>
/// <remarks>
/// Frames are used on arrival and dropped, but the collector lets a few hundred megabytes of large arrays gather before it looks at them:
/// eight frames of 4K would all stay. So it is told to look after every 32 MB of frames; with so few objects that takes milliseconds.
/// </remarks>
internal static class FrameMemory
{
    private const long Between = 32L << 20;
    private static long sinceCollection;

    /// <summary>Room for width x height RGB pixels, not cleared.</summary>
    public static byte[] Allocate(int width, int height)
    {
        int bytes = checked(width * height * 3);
        if (Interlocked.Add(ref sinceCollection, bytes) > Between)
        {
            Interlocked.Exchange(ref sinceCollection, bytes);
            GC.Collect();
        }
        return GC.AllocateUninitializedArray<byte>(bytes);
    }
}
