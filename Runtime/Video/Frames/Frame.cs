namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>A picture, or one picture of a clip: RGB bytes, row-major, upright.</summary>
/// <param name="Rgb">(Height, Width, 3) bytes.</param>
/// <param name="Time">Presentation time from the start of the clip; zero for a picture.</param>
public sealed record Frame(byte[] Rgb, int Width, int Height, TimeSpan Time);
