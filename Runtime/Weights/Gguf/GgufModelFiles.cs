using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>The GGUF files that a path means: itself and those it names, or those of a folder, told apart by what they say of
/// themselves.</summary>
/// <param name="Language">The language model, or the first part of one that is split.</param>
/// <param name="Vision">An mmproj file: image tower and projector.</param>
/// <param name="Video">The file of a video tower.</param>
internal sealed partial record GgufModelFiles(string Language, string? Vision = null, string? Video = null)
{
    /// <summary>Architectures of the files that are no language model.</summary>
    public const string VisionArchitecture = "clip", VideoArchitecture = "edge-video-tower";

    /// <summary>Keys of a language model's file with the names of those beside it that belong to it.</summary>
    public const string VisionKey = "edge.files.image_tower", VideoKey = "edge.files.video_tower";

    /// <summary>Null where there is none.</summary>
    /// <exception cref="BadInputException">There are several that could be meant, or none is a language model, or one is
    /// broken.</exception>
    public static GgufModelFiles? Find(string path)
    {
        if (IsGguf(path) && !Directory.Exists(path)) return Of(path);
        if (!Directory.Exists(path)) return null;
        string[] files = [.. Directory.GetFiles(path, "*.gguf").Where(IsFirst).Order(StringComparer.Ordinal)];
        if (files.Length == 0) return null;
        ILookup<string, string> kinds = files.ToLookup(Kind);
        if (!kinds.Contains(""))
        {
            throw new BadInputException(
                $"{files[0]}: {Named(Kind(files[0]))}, and no language model is beside it; put both into one folder");
        }
        foreach (IGrouping<string, string> kind in kinds.Where(kind => kind.Count() > 1))
            throw new BadInputException($"{path}: {string.Join(" and ", kind.Select(Path.GetFileName))} are both here; leave one");
        return new GgufModelFiles(kinds[""].Single(), kinds[VisionArchitecture].FirstOrDefault(),
            kinds[VideoArchitecture].FirstOrDefault());
    }

    /// <summary>A language model given by its file's name, with the files that it names.</summary>
    /// <exception cref="BadInputException">It is broken, or names a file that is not beside it.</exception>
    public static GgufModelFiles Of(string path)
    {
        if (!File.Exists(path)) return new GgufModelFiles(path);
        using var file = new GgufFile(path);
        if (file.Keys.Text("general.architecture") is VisionArchitecture or VideoArchitecture)
            throw new BadInputException($"{path}: {Named(file.Keys.Text("general.architecture")!)}; give the folder that it is in");
        return new GgufModelFiles(path, Beside(VisionKey), Beside(VideoKey));

        string? Beside(string key)
        {
            if (file.Keys.Text(key) is not { } name) return null;
            string beside = Path.Combine(Path.GetDirectoryName(path)!, name);
            return name.Length > 0 && name == Path.GetFileName(name) && File.Exists(beside) ? beside
                : throw new BadInputException($"{path}: it belongs together with {name}, which is not beside it; put it there");
        }
    }

    /// <summary>By its name: a file of another name is not opened to find out.</summary>
    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static bool IsFirst(string path) => !PartName().IsMatch(path) || path.Contains("-00001-of-");

    /// <summary>The architecture of a tower, "" for a language model.</summary>
    private static string Kind(string path)
    {
        using var file = new GgufFile(path);
        return file.Keys.Text("general.architecture") is VisionArchitecture or VideoArchitecture
            ? file.Keys.Text("general.architecture")! : "";
    }

    private static string Named(string kind) => kind == VisionArchitecture ? "an mmproj file" : "the file of a video tower";

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf\z")]
    private static partial Regex PartName();
}
