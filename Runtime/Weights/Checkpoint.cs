using System.Text.Json;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A checkpoint folder: config.json and safetensors shards, all tensors under their canonical names, memory-mapped.</summary>
internal sealed class Checkpoint : IDisposable
{
    private const string IndexName = "model.safetensors.index.json", SingleName = "model.safetensors";

    private readonly List<IDisposable> owned = [];
    private readonly Dictionary<string, HostTensor> tensors = [];

    public string Folder { get; }

    /// <summary>Canonical name to tensor; ignored buffers are left out.</summary>
    public IReadOnlyDictionary<string, HostTensor> Tensors => tensors;

    /// <summary>Names in the files that are ignored on purpose (<see cref="WeightNames.IsIgnored"/>).</summary>
    public List<string> Ignored { get; } = [];

    /// <summary>Original names, else -hf names.</summary>
    public bool IsOriginal => Deciding != null;

    /// <summary>The first name that showed the original layout.</summary>
    public string? Deciding { get; private set; }

    /// <summary>Bytes of all shards on disk.</summary>
    public long FileBytes { get; private set; }

    /// <summary>Maps the shards of a folder.</summary>
    /// <exception cref="BadInputException">The folder is not a checkpoint, or a shard or the index is broken.</exception>
    public Checkpoint(string folder)
    {
        Folder = folder;
        if (File.Exists(folder))
            throw new BadInputException(
                $"{folder}: a file; a model is the folder that holds it, {Path.GetDirectoryName(Path.GetFullPath(folder))}");
        if (!Directory.Exists(folder))
            throw new BadInputException($"{folder}: no such folder; a model is a folder with config.json and safetensors files");
        try
        {
            foreach ((string file, IReadOnlyList<string>? promised) in ShardFiles(folder)) AddShard(Path.Combine(folder, file), promised);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Tensors that are not in files, under canonical names; their memory is disposed with the checkpoint.</summary>
    internal Checkpoint(string label, Dictionary<string, HostTensor> tensors, IDisposable memory)
    {
        (Folder, this.tensors) = (label, tensors);
        owned.Add(memory);
    }

    public void Dispose()
    {
        foreach (IDisposable part in owned) part.Dispose();
        owned.Clear();
    }

    private void AddShard(string path, IReadOnlyList<string>? promised)
    {
        var shard = new SafeTensors(path);
        owned.Add(shard);
        FileBytes += shard.FileBytes;
        foreach (string name in promised ?? [])
        {
            if (!shard.Tensors.ContainsKey(name))
                throw new BadInputException(
                    $"{path}: the index promises tensor {name} here, the shard lacks it; fetch the checkpoint again");
        }
        foreach ((string name, HostTensor tensor) in shard.Tensors)
        {
            string canonical = WeightNames.Canonical(name);
            if (WeightNames.IsOriginal(name)) Deciding ??= name;
            if (WeightNames.IsIgnored(canonical)) Ignored.Add(name);
            else if (!tensors.TryAdd(canonical, tensor))
                throw new BadInputException($"{path}: two tensors mean {canonical}; keep one of them");
        }
    }

    /// <summary>The shard files of a folder with the tensors that the index promises in each.</summary>
    private static IEnumerable<(string File, IReadOnlyList<string>? Promised)> ShardFiles(string folder)
    {
        string index = Path.Combine(folder, IndexName);
        if (File.Exists(index)) return ReadIndex(index);
        if (File.Exists(Path.Combine(folder, SingleName))) return [(SingleName, null)];
        string[] others = [.. Directory.GetFiles(folder, "*.bin").Concat(Directory.GetFiles(folder, "*.gguf")).Select(Path.GetFileName)
            .OfType<string>().Take(2)];
        string found = others.Length > 0 ? $"; {string.Join(", ", others)} cannot be read yet, take the safetensors form of the checkpoint"
            : "";
        throw new BadInputException($"{folder}: neither {IndexName} nor {SingleName} is here{found}");
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
