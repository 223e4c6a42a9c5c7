using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>An index of shards: which tensor is in which file.</summary>
internal static class ShardIndex
{
    /// <summary>The files with the tensors that are promised in each.</summary>
    /// <exception cref="BadInputException">It is broken, or points out of its folder.</exception>
    public static IReadOnlyList<(string File, IReadOnlyList<string>? Promised)> Read(string path)
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
