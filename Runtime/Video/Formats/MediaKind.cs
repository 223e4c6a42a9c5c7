namespace EdgeVideoLlava.Runtime.Video.Formats;

/// <summary>What a file is, told by its first bytes.</summary>
public enum MediaKind
{
    /// <summary>One still picture: <see cref="Pictures"/> reads it.</summary>
    Picture,

    /// <summary>A sequence of frames: <see cref="Clip"/> opens it.</summary>
    Clip,
}
