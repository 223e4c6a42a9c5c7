using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Frames to pixel values, on the processor (<see cref="FramePreprocessor"/>) or where the towers run
/// (<see cref="DevicePreprocessor"/>).</summary>
internal interface IFramePreprocessor
{
    /// <summary>One picture for the image tower: (1, 3, Size, Size).</summary>
    PixelValues Picture(Frame frame);

    /// <summary>One clip for the video tower: (frames, 3, Size, Size). Each frame is used on arrival and not kept.</summary>
    /// <exception cref="ArgumentException">There are fewer or more frames than announced.</exception>
    PixelValues Clip(IEnumerable<Frame> source, int frames);

    /// <summary>One clip of frames that <see cref="Clip"/> made one by one; they stay the caller's.</summary>
    PixelValues Join(IReadOnlyList<PixelValues> frames);
}
