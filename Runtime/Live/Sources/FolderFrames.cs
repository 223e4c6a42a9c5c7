using System.Text.RegularExpressions;
using EdgeVideoLlava.Runtime.Video;
using EdgeVideoLlava.Runtime.Video.Formats;
using EdgeVideoLlava.Runtime.Video.Frames;

namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>The pictures and clips of a folder as one stream, in the order of their names (2 before 10).</summary>
/// <param name="picture">How long a picture is shown; clips have their own times.</param>
internal sealed partial class FolderFrames(string folder, TimeSpan picture)
{
    /// <exception cref="BadInputException">There is nothing in the folder, or something that is neither a picture nor a clip.</exception>
    public IEnumerable<DecodedFrame> Read(CancellationToken cancel)
    {
        TimeSpan begin = TimeSpan.Zero;
        foreach (string file in Files())
        {
            cancel.ThrowIfCancellationRequested();
            if (MediaFile.Detect(file) == MediaKind.Picture)
            {
                yield return At(begin, Pictures.Read(file));
                begin += picture;
                continue;
            }
            using Clip clip = Clip.Open(file, cancellation: cancel);
            foreach (Frame frame in clip.Read([.. Enumerable.Range(0, clip.FrameCount)], cancel))
                yield return At(begin + frame.Time - clip.Times[0], frame);
            begin += clip.Duration - clip.Times[0];
        }
    }

    /// <summary>Hidden files are none of ours.</summary>
    private string[] Files()
    {
        try
        {
            string[] files = [.. Directory.EnumerateFiles(folder).Where(file => !Path.GetFileName(file).StartsWith('.'))
                .OrderBy(Key, StringComparer.Ordinal)];
            return files.Length > 0 ? files : throw new BadInputException($"{folder}: an empty folder; put pictures or clips into it");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{folder}: cannot be read ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>Numbers in a name, with leading zeros, count as numbers.</summary>
    private static string Key(string file)
        => Number().Replace(Path.GetFileName(file), number => number.Value.TrimStart('0').PadLeft(20, '0'));

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Number();

    private static DecodedFrame At(TimeSpan time, Frame frame)
        => new(time.TotalSeconds, false, frame.Width, frame.Height, false, frame.Rgb);
}
