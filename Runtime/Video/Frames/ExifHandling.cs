namespace EdgeVideoLlava.Runtime.Video.Frames;

/// <summary>What to do with the orientation that a camera wrote into a picture.</summary>
public enum ExifHandling
{
    /// <summary>Turn the picture upright, as every viewer shows it.</summary>
    Upright,

    /// <summary>Leave the pixels as stored, as the reference code does.</summary>
    Ignore,
}
