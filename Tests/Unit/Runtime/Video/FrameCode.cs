using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Video;

/// <summary>The frame number written into the test clips: eight blocks of black or white over the top, the highest bit leftmost.</summary>
internal static class FrameCode
{
    public static int Read(Frame frame)
    {
        int height = Math.Max(6, frame.Height / 9), code = 0;
        for (int block = 0; block < 8; block++)
        {
            double x0 = (block + 0.3) * frame.Width / 8, x1 = (block + 0.7) * frame.Width / 8;
            long sum = 0, count = 0;
            for (int y = height / 3; y < Math.Max(height / 3 + 1, 2 * height / 3); y++)
            {
                for (int x = (int)x0; x <= (int)x1; x++, count += 3)
                {
                    for (int channel = 0; channel < 3; channel++) sum += frame.Rgb[(y * frame.Width + x) * 3 + channel];
                }
            }
            code = code << 1 | (sum > 125 * count ? 1 : 0);
        }
        return code;
    }

    public static int[] ReadAll(IEnumerable<Frame> frames) => [.. frames.Select(Read)];
}
