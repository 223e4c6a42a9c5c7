namespace EdgeVideoLlava.Runtime.Live.Sources;

/// <summary>A camera that the system knows.</summary>
/// <param name="Device">/dev/videoN.</param>
/// <param name="Name">The driver's name of it.</param>
/// <param name="Problem">Why it cannot be opened; null: it can.</param>
public sealed record CameraEntry(string Device, string Name, string? Problem)
{
    /// <summary>Formats with their sizes, as "mjpeg 1280x720 640x480"; empty: it does not say, or no ffmpeg is installed.</summary>
    public IReadOnlyList<string> Modes { get; init; } = [];
}

/// <summary>The cameras of this machine, as Linux lists them; none elsewhere.</summary>
public static class CameraList
{
    private const string Folder = "/sys/class/video4linux";

    /// <summary>In the order of their numbers. Nothing is switched on.</summary>
    public static IReadOnlyList<CameraEntry> Read() => Read(Folder, "/dev");

    internal static IReadOnlyList<CameraEntry> Read(string folder, string devices)
    {
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.EnumerateFileSystemEntries(folder).Select(Path.GetFileName).OfType<string>()
            .Where(name => name.StartsWith("video", StringComparison.Ordinal) && name["video".Length..].All(char.IsAsciiDigit))
            .OrderBy(name => int.Parse(name["video".Length..], System.Globalization.CultureInfo.InvariantCulture))
            .Select(name => new CameraEntry(Path.Combine(devices, name), Label(Path.Combine(folder, name, "name")),
                Problem(Path.Combine(devices, name))))
            .Select(camera => camera.Problem == null ? camera with { Modes = CameraModes.Of(camera.Device) } : camera)];
    }

    /// <summary>For a message: the devices, or that there are none.</summary>
    internal static string Words()
        => Read() is { Count: > 0 } cameras ? string.Join(", ", cameras.Select(camera => camera.Device)) : "none";

    private static string Label(string file)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault()?.Trim() ?? "unnamed";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "unnamed";
        }
    }

    private static string? Problem(string device)
    {
        if (!File.Exists(device)) return "its device file is missing";
        try
        {
            new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0).Dispose();
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return "permission denied; join the group that owns it, most often 'video'";
        }
        catch (IOException e) when (e.Message.Contains("busy", StringComparison.OrdinalIgnoreCase))
        {
            return "in use by another program";
        }
        catch (IOException e)
        {
            return e.Message.TrimEnd('.');
        }
    }
}
