using System.Collections.Concurrent;

namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>Memory for the pixels of decoded frames, used again by those who know that nobody reads it any more.</summary>
internal static class FrameMemory
{
    /// <summary>So much waits to be used again: eight frames of 4K are 200 MB, and a clip has one size.</summary>
    private const long Most = 64 << 20;

    private static readonly ConcurrentDictionary<int, ConcurrentBag<byte[]>> Free = new(); // by length
    private static long waiting;

    /// <summary>Room for width x height RGB pixels, not cleared.</summary>
    public static byte[] Allocate(int width, int height)
    {
        int bytes = checked(width * height * 3);
        if (!Free.TryGetValue(bytes, out ConcurrentBag<byte[]>? bag) || !bag.TryTake(out byte[]? memory))
            return GC.AllocateUninitializedArray<byte>(bytes);
        Interlocked.Add(ref waiting, -bytes);
        return memory;
    }

    /// <summary>The frames one by one; the memory of each is used again after the next was asked for.</summary>
    public static IEnumerable<Frame> Recycling(IEnumerable<Frame> frames)
    {
        Frame? last = null;
        foreach (Frame frame in frames) // the same one may come several times in a row
        {
            if (last != null && !ReferenceEquals(last, frame)) Release(last.Rgb);
            yield return last = frame;
        }
        if (last != null) Release(last.Rgb);
    }

    /// <summary>A frame that nobody reads any more; its memory is used again if it may be.</summary>
    public static void Release(Frame frame)
    {
        if (frame.IsRecycled) Release(frame.Rgb);
    }

    /// <summary>Memory of <see cref="Allocate"/> that nobody reads any more.</summary>
    public static void Release(byte[] rgb)
    {
        if (Interlocked.Add(ref waiting, rgb.Length) > Most)
        {
            Interlocked.Add(ref waiting, -rgb.Length);
            return;
        }
        Free.GetOrAdd(rgb.Length, _ => []).Add(rgb);
    }
}
