using EdgeVideoLlava.Runtime.Video.Decoders;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Video;

/// <summary>Reads still pictures: JPEG, PNG, WebP, BMP, and the first frame of a GIF or animated PNG.</summary>
public static class Pictures
{
    /// <summary>The picture as RGB bytes.</summary>
    /// <remarks>
    /// Alpha is dropped, not blended, and a transparent index of a GIF has its colour; palettes and gray become RGB; of 16 bits the high
    /// byte counts; colour profiles are not applied (all as Pillow's convert("RGB"), which the reference uses).
    /// Turned upright by EXIF unless told otherwise.
    /// </remarks>
    /// <exception cref="BadInputException">No such file, no picture, broken, or larger than the options allow.</exception>
    public static Frame Read(string path, PictureOptions? options = null)
    {
        MediaFormat format = MediaFile.Identify(path);
        if (format.Kind == MediaKind.Clip && format.Name is not ("GIF" or "animated PNG"))
            throw new BadInputException($"{path}: a clip ({format.Name}), not a picture");
        options ??= PictureOptions.Default;
        string name = format.Name == "animated PNG" ? "PNG" : format.Name;
        RequireWhole(path, name, options);
        if (name != "GIF") return ImageSharpPictures.Decode(path, name, options);
        // At worst twelve bits a pixel, each code its own sub-block's.
        GifFrame first = GifFrames.First(path, 4 * options.MaxPixels + (1 << 20));
        Frame frame = ImageSharpPictures.Decode(path, name, options, first.Opaque());
        Surround(frame, first);
        return frame;
    }

    private static void RequireWhole(string path, string format, PictureOptions options)
    {
        try
        {
            if (!PictureEnds.Complete(path, format, options.MaxPixels))
                throw new BadInputException($"{path}: the {format} ends early; fetch or save it again");
        }
        catch (InvalidDataException e)
        {
            throw ImageSharpPictures.Broken(path, format, e);
        }
    }

    /// <summary>Colours the screen around the frame of a GIF.</summary>
    private static void Surround(Frame frame, GifFrame gif)
    {
        (int left, int top, int width, int height) = gif.Place;
        (byte red, byte green, byte blue) = gif.Around;
        for (int y = 0; y < frame.Height; y++)
        {
            for (int x = 0; x < frame.Width; x++)
            {
                if (y >= top && y < top + height && x >= left && x < left + width) continue;
                int at = 3 * (y * frame.Width + x);
                (frame.Rgb[at], frame.Rgb[at + 1], frame.Rgb[at + 2]) = (red, green, blue);
            }
        }
    }
}
