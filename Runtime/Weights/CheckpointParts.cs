using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Parts of a model that lie apart from its language model: the projector of the first stage, the towers' own
/// repositories.</summary>
internal static class CheckpointParts
{
    /// <summary>Where the towers of a checkpoint may lie, in its folder or beside it.</summary>
    internal const string TowersFolder = "towers";

    /// <summary>What the first stage of training leaves.</summary>
    public const string ProjectorName = "mm_projector.bin";

    /// <summary>The projector's file, where the weights have no projector of their own.</summary>
    public static void AddProjector(Checkpoint checkpoint, string folder)
    {
        string path = Path.Combine(folder, ProjectorName);
        if (!File.Exists(path) || Has(checkpoint, ModelPart.Projector)) return;
        checkpoint.Add(new TorchTensors(path), WeightNames.Canonical);
    }

    /// <summary>The towers that the config names, where the weights lack them: an encoder's own folder, of which the vision model is
    /// taken.</summary>
    public static void AddTowers(Checkpoint checkpoint, string folder)
    {
        foreach (ModelPart part in new[] { ModelPart.ImageTower, ModelPart.VideoTower })
        {
            string prefix = ModelTensors.Prefix(part), key = $"mm_{prefix.TrimEnd('.')}";
            if (Has(checkpoint, part) || Named(folder, key) is not { } name) continue;
            string? tower = Places(folder, name).FirstOrDefault(Directory.Exists);
            if (tower == null || !CheckpointFiles.AddShards(checkpoint, tower, tensor => Vision(tensor, prefix)))
            {
                throw new BadInputException($"{folder}: its weights have no {prefix.TrimEnd('.').Replace('_', ' ')}, and no folder "
                    + $"towers/{name} with one is here; put {key} of config.json there");
            }
        }
    }

    /// <summary>Where a tower's own folder may be: in the checkpoint, its or a sibling's towers/.</summary>
    public static IEnumerable<string> Places(string folder, string name)
    {
        string parent = Path.GetDirectoryName(Path.GetFullPath(folder).TrimEnd('/')) ?? "/";
        string[] places = [folder, Path.Combine(folder, TowersFolder), Path.Combine(parent, TowersFolder)];
        return places.Select(place => Path.Combine(place, name));
    }

    /// <summary>The last word of a text in config.json, as a folder's name; null where there is none.</summary>
    public static string? Named(string folder, string key, string file = "config.json")
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path)) return null;
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty(key, out JsonElement value)
            || value.ValueKind != JsonValueKind.String) return null;
        string name = Path.GetFileName(value.GetString()!.TrimEnd('/'));
        return name.Length == 0 || name is "." or ".." ? null : name;
    }

    /// <summary>Null for what else an encoder's repository holds: its text model and projections.</summary>
    private static string? Vision(string name, string prefix)
        => name.StartsWith("vision_model.", StringComparison.Ordinal) ? prefix + name["vision_model.".Length..] : null;

    private static bool Has(Checkpoint checkpoint, ModelPart part)
        => checkpoint.Tensors.Keys.Any(name => ModelTensors.PartOf(name) == part);
}
