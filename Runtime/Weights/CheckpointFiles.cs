using System.Text.Json;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Finds the files of a checkpoint, in whichever form it is, and opens them.</summary>
/// <remarks>
/// A GGUF file, or a folder: of safetensors shards with an index, or one file; else of GGUF, a language model and perhaps an mmproj file.
/// </remarks>
internal static class CheckpointFiles
{
    private const string IndexName = "model.safetensors.index.json", SingleName = "model.safetensors";

    public static void Open(Checkpoint checkpoint)
    {
        string path = checkpoint.Folder;
        if (File.Exists(path) && !GgufModelFiles.IsGguf(path))
            throw new BadInputException(
                $"{path}: a file; a model is a GGUF file or the folder that holds it, {Path.GetDirectoryName(Path.GetFullPath(path))}");
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            throw new BadInputException(
                $"{path}: no such folder; a model is a folder with config.json and safetensors files, or a GGUF file");
        }
        if (!File.Exists(path) && AddShards(checkpoint)) return;
        if (GgufModelFiles.Find(path) is { } files)
        {
            AddGguf(checkpoint, files);
            return;
        }
        string[] others = [.. Directory.GetFiles(path, "*.bin").Select(Path.GetFileName).OfType<string>().Take(2)];
        string found = others.Length > 0
            ? $"; {string.Join(", ", others)} cannot be read yet, take the safetensors form of the checkpoint" : "";
        throw new BadInputException($"{path}: neither {IndexName} nor {SingleName} is here{found}");
    }

    private static bool AddShards(Checkpoint checkpoint)
    {
        string folder = checkpoint.Folder, index = Path.Combine(folder, IndexName);
        IEnumerable<(string, IReadOnlyList<string>?)> shards = File.Exists(index) ? ReadIndex(index)
            : File.Exists(Path.Combine(folder, SingleName)) ? [(SingleName, null)] : [];
        int count = 0;
        foreach ((string file, IReadOnlyList<string>? promised) in shards)
        {
            checkpoint.Add(new SafeTensors(Path.Combine(folder, file)), WeightNames.Canonical, promised);
            count++;
        }
        return count > 0;
    }

    private static void AddGguf(Checkpoint checkpoint, GgufModelFiles files)
    {
        var language = new GgufTensors(files.Language);
        checkpoint.Add(language, name => GgufNames.Canonical(name));
        checkpoint.Keys = language.Keys;
        if (files.Vision == null) return;
        var vision = new GgufTensors(files.Vision);
        bool swaps = GgufVision.SwapsFeedForward(vision);
        checkpoint.Add(vision, name => GgufNames.Canonical(name, swaps));
        checkpoint.VisionKeys = vision.Keys;
    }

    private static IEnumerable<(string, IReadOnlyList<string>?)> ReadIndex(string path)
    {
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object
            || !document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new BadInputException($"{path}: no weight_map in it; fetch the checkpoint again");
        var promised = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string? file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
            if (string.IsNullOrEmpty(file) || Path.GetFileName(file) != file)
                throw new BadInputException($"{path}: {entry.Name} points to {entry.Value}, which is not a file name in this folder");
            if (!promised.TryGetValue(file, out List<string>? names)) promised[file] = names = [];
            names.Add(entry.Name);
        }
        return [.. promised.Select(pair => (pair.Key, (IReadOnlyList<string>?)pair.Value))];
    }
}
