namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>What a tower takes: one picture or one clip, normalised.</summary>
/// <param name="Values">(Frames, 3, Size, Size) float32: frame, channel (RGB), row, column. A picture has one frame.</param>
/// <param name="IsClip">True for a clip (video tower), false for a picture (image tower), whatever the number of frames.</param>
public sealed record PixelValues(float[] Values, int Frames, int Size, bool IsClip);
