using EdgeVideoLlava.Runtime.Video.Frames;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.Metadata;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace EdgeVideoLlava.Runtime.Video.Decoders;

/// <summary>The adapter to SixLabors.ImageSharp: the only file that names it.</summary>
internal static class ImageSharpPictures
{
    private static readonly Configuration Decoders = ChosenDecoders();

    /// <summary>Decodes one picture file whose format is known.</summary>
    public static Frame Decode(string path, string format, PictureOptions options)
    {
        try
        {
            IImageInfo info = Image.Identify(Decoders, path, out _) ?? throw Broken(path, format, null);
            RequireSize(path, info.Width, info.Height, options);
            return HasSixteenBits(info.Metadata, format) ? DecodeHighBytes(path, options) : DecodeBytes(path, options);
        }
        catch (NotSupportedException e)
        {
            throw new BadInputException($"{path}: a kind of {format} that cannot be read ({OneLine(e)}); convert it to PNG or JPEG", e);
        }
        catch (Exception e) when (e is not (BadInputException or OutOfMemoryException))
        {
            throw Broken(path, format, e);
        }
    }

    private static Configuration ChosenDecoders()
    {
        var configuration = new Configuration(new JpegConfigurationModule(), new PngConfigurationModule(), new WebpConfigurationModule(),
            new BmpConfigurationModule(), new GifConfigurationModule());
        configuration.ImageFormatsManager.SetDecoder(GifFormat.Instance, new GifDecoder { DecodingMode = FrameDecodingMode.First });
        return configuration;
    }

    private static void RequireSize(string path, int width, int height, PictureOptions options)
    {
        if (Math.Max(width, height) > options.MaxSide)
            throw new BadInputException(
                $"{path}: {width} x {height} pixels, the longest side allowed is {options.MaxSide}; shrink it or raise the ceiling");
        if ((long)width * height > options.MaxPixels)
            throw new BadInputException(
                $"{path}: {width} x {height} pixels, more than the {options.MaxPixels} allowed; shrink it or raise the ceiling");
    }

    private static bool HasSixteenBits(ImageMetadata metadata, string format)
        => format == "PNG" && metadata.GetPngMetadata().BitDepth == PngBitDepth.Bit16;

    private static Frame DecodeBytes(string path, PictureOptions options)
    {
        using Image<Rgb24> image = Image.Load<Rgb24>(Decoders, path);
        Turn(image, options);
        var rgb = new byte[image.Width * image.Height * 3];
        image.CopyPixelDataTo(rgb);
        return new Frame(rgb, image.Width, image.Height, TimeSpan.Zero);
    }

    /// <summary>The package rounds 16 bits to 8; the reference takes the high byte.</summary>
    private static Frame DecodeHighBytes(string path, PictureOptions options)
    {
        using Image<Rgba64> image = Image.Load<Rgba64>(Decoders, path);
        Turn(image, options);
        var rgb = new byte[image.Width * image.Height * 3];
        image.ProcessPixelRows(rows =>
        {
            int at = 0;
            for (int y = 0; y < rows.Height; y++)
            {
                foreach (Rgba64 pixel in rows.GetRowSpan(y))
                {
                    (rgb[at], rgb[at + 1], rgb[at + 2]) = ((byte)(pixel.R >> 8), (byte)(pixel.G >> 8), (byte)(pixel.B >> 8));
                    at += 3;
                }
            }
        });
        return new Frame(rgb, image.Width, image.Height, TimeSpan.Zero);
    }

    private static void Turn(Image image, PictureOptions options)
    {
        if (options.Exif == ExifHandling.Upright) image.Mutate(context => context.AutoOrient());
    }

    private static BadInputException Broken(string path, string format, Exception? e)
        => new($"{path}: broken {format}{(e == null ? "" : $" ({OneLine(e)})")}; fetch or save it again", e
        ?? new InvalidDataException(format));

    private static string OneLine(Exception e) => e.Message.ReplaceLineEndings(" ").Trim();
}
