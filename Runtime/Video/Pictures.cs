using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Reads still pictures: JPEG, PNG, WebP, BMP, and the first frame of a GIF or animated PNG.</summary>
public static class Pictures
{
    /// <summary>The picture as RGB bytes.</summary>
    /// <remarks>
    /// Alpha is dropped, not blended; palettes and gray become RGB; of 16 bits the high byte counts; colour profiles are not applied
    /// (all as Pillow's convert("RGB"), which the reference uses). Turned upright by EXIF unless told otherwise.
    /// </remarks>
    /// <exception cref="BadInputException">No such file, no picture, broken, or larger than the options allow.</exception>
    public static Frame Read(string path, PictureOptions? options = null)
    {
        MediaFormat format = MediaFile.Identify(path);
        if (format.Kind == MediaKind.Clip && format.Name is not ("GIF" or "animated PNG"))
            throw new BadInputException($"{path}: a clip ({format.Name}), not a picture");
        string name = format.Name == "animated PNG" ? "PNG" : format.Name;
        if (!PictureEnds.Complete(path, name))
            throw new BadInputException($"{path}: the {name} ends early; fetch or save it again");
        return ImageSharpPictures.Decode(path, name, options ?? PictureOptions.Default);
    }
}
