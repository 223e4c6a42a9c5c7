namespace EdgeVideoLlava.Runtime.Preprocess;

/// <summary>Whose arithmetic turns a frame into pixel values. They differ in filter, in order of the steps and, by
/// one pixel, in the crop.</summary>
public enum PreprocessPreset
{
    /// <summary>Pictures of the original code: x/255, bicubic without antialias, crop, normalise.</summary>
    OriginalImage,

    /// <summary>As <see cref="OriginalImage"/>, after padding to a square with the mean colour (image_aspect_ratio = "pad").</summary>
    OriginalImagePad,

    /// <summary>Frames of a clip in the original code: x/255, normalise, bilinear without antialias, crop; without
    /// the random flip.</summary>
    OriginalVideo,

    /// <summary>Pictures and frames of transformers' Video-LLaVA processors: Pillow's antialiased bicubic on bytes,
    /// crop, x/255, normalise.</summary>
    Hf,

    /// <summary>As <see cref="Hf"/> with torchvision's byte resampling (transformers' newer video processor): within
    /// one level of its results.</summary>
    HfTorchvision,
}
