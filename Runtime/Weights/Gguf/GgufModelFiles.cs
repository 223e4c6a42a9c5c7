using System.Text.RegularExpressions;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>The GGUF files that a path means: itself, or those of a folder, told apart by what they say of themselves.</summary>
/// <param name="Language">The language model, or the first part of one that is split.</param>
/// <param name="Vision">An mmproj file: image tower and projector.</param>
internal sealed partial record GgufModelFiles(string Language, string? Vision)
{
    /// <summary>Null where there is none.</summary>
    /// <exception cref="BadInputException">There are several that could be meant, or none is a language model, or one is
    /// broken.</exception>
    public static GgufModelFiles? Find(string path)
    {
        if (IsGguf(path) && !Directory.Exists(path)) return new GgufModelFiles(path, null);
        if (!Directory.Exists(path)) return null;
        string[] files = [.. Directory.GetFiles(path, "*.gguf").Where(IsFirst).Order(StringComparer.Ordinal)];
        if (files.Length == 0) return null;
        string[] vision = [.. files.Where(IsVision)], language = [.. files.Except(vision)];
        if (language.Length == 0)
            throw new BadInputException($"{files[0]}: an mmproj file, and no language model is beside it; put both into one folder");
        if (language.Length > 1 || vision.Length > 1)
        {
            string[] several = language.Length > 1 ? language : vision;
            throw new BadInputException($"{path}: {string.Join(" and ", several.Select(Path.GetFileName))} are both here; leave one");
        }
        return new GgufModelFiles(language[0], vision.FirstOrDefault());
    }

    /// <summary>By its name: a file of another name is not opened to find out.</summary>
    public static bool IsGguf(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    private static bool IsFirst(string path) => !PartName().IsMatch(path) || path.Contains("-00001-of-");

    private static bool IsVision(string path)
    {
        using var file = new GgufFile(path);
        return file.Keys.Text("general.architecture") == "clip";
    }

    [GeneratedRegex(@"-\d{5}-of-\d{5}\.gguf\z")]
    private static partial Regex PartName();
}
