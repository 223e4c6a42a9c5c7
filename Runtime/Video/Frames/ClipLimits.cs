namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>Ceilings that are checked before memory is asked for.</summary>
internal static class ClipLimits
{
    public static void RequireSize(string path, long width, long height, ClipOptions options)
    {
        if (width < 1 || height < 1)
            throw new BadInputException($"{path}: its frames are {width} x {height} pixels; fetch or convert the clip again");
        if (width > options.MaxPixels || height > options.MaxPixels || width * height > options.MaxPixels)
            throw new BadInputException(
                $"{path}: frames of {width} x {height} pixels, more than the {options.MaxPixels} allowed; scale the clip down");
    }

    public static void RequireFrames(string path, long frames, ClipOptions options)
    {
        if (frames > options.MaxFrames) throw new BadInputException($"{path}: more than {options.MaxFrames} frames; cut the clip");
    }
}
