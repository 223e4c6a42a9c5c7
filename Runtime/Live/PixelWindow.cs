using EdgeVideoLlava.Runtime.Preprocess;

namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A window of a clip or camera, ready for the video tower.</summary>
internal sealed record PixelWindow(TimeSpan Start, TimeSpan End, PixelValues Pixels);
