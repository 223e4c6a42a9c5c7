using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A model's files in any form that can be read, all tensors under their canonical names, memory-mapped.</summary>
/// <remarks>Which forms there are: <see cref="CheckpointFiles"/>.</remarks>
internal sealed class Checkpoint : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly Dictionary<string, HostTensor> tensors = [];
    private readonly Dictionary<string, StorageType> replaced = [];

    /// <summary>As it was given: a folder, or a GGUF file.</summary>
    public string Folder { get; }

    /// <summary>Type and size of each tensor as its own file has it, before an adapter was merged into it.</summary>
    internal IEnumerable<(StorageType Type, long Elements)> BaseTypes
        => tensors.Select(pair => (replaced.GetValueOrDefault(pair.Key, pair.Value.Type), pair.Value.Elements));

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

    /// <summary>Opens a model's folder or file.</summary>
    /// <exception cref="BadInputException">It is no checkpoint, or a file or index of it is broken.</exception>
    public Checkpoint(string path)
    {
        Folder = ConfigFolder = path;
        try
        {
            CheckpointFiles.Open(this);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Every file that opening this model may read, and others beside them.</summary>
    /// <param name="path">A folder, or a file, of which other parts may lie beside it.</param>
    public static IEnumerable<string> Files(string path)
    {
        string? parent = Path.GetDirectoryName(Path.GetFullPath(path).TrimEnd('/'));
        if (File.Exists(path)) return Directory.EnumerateFiles(parent!);
        if (!Directory.Exists(path)) return [];
        var deep = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2, AttributesToSkip = 0 };
        string towers = Path.Combine(parent ?? "/", CheckpointParts.TowersFolder);
        return Directory.EnumerateFiles(path, "*", deep)
            .Concat(Directory.Exists(towers) ? Directory.EnumerateFiles(towers, "*", deep) : [])
            .Concat(LoraAdapter.Is(path) ? Files(LoraAdapter.BaseOf(path)) : []);
    }

    /// <summary>Tensors that are not in files, under canonical names; their memory is disposed with the checkpoint.</summary>
    internal Checkpoint(string label, Dictionary<string, HostTensor> tensors, IDisposable memory)
    {
        (Folder, ConfigFolder, this.tensors) = (label, label, tensors);
        owned.Add(memory);
    }

    /// <summary>Where config.json is: for an adapter perhaps in its model's folder.</summary>
    internal string ConfigFolder { get; set; }

    /// <summary>The keys of a GGUF language model, which are its config; null for any other form.</summary>
    internal GgufKeys? Keys { get; set; }

    /// <summary>The keys of an mmproj file beside it; null where there is none.</summary>
    internal GgufKeys? VisionKeys { get; set; }

    /// <summary>The keys of the file of a video tower; null where there is none.</summary>
    internal GgufKeys? VideoKeys { get; set; }

    /// <summary>Whether queries and keys are stored for rotary pairs of neighbours, as in GGUF, and not of a head's halves.</summary>
    internal bool PairsNeighbours => Keys != null;

    /// <summary>The type of a parameter's numbers; F32, which holds them all, where its tensors differ.</summary>
    internal StorageType TypeOf(ParameterSpec parameter)
    {
        StorageType first = tensors[parameter.Name].Type;
        return parameter.Tensors.All(tensor => tensors[tensor.Name].Type == first) ? first : StorageType.F32;
    }

    /// <summary>A joined parameter in the pieces in which it is loaded: v apart from q and k where it alone has another type.</summary>
    internal IEnumerable<ParameterSpec> Apart(ParameterSpec parameter, LoadOptions options)
    {
        ParameterSpec[] halves = parameter is { IsLanguageLinear: true, Tensors.Count: 3 } && !options.ChoosesType(parameter)
            ? [parameter with { Tensors = [.. parameter.Tensors.Take(2)] }, parameter with { Tensors = [parameter.Tensors[2]] }]
                : [parameter];
        StorageType[] types = [.. parameter.Tensors.Select(tensor => tensors[tensor.Name].Type)];
        return halves.Length == 2 && types[0] == types[1] && types[1] != types[2] ? halves : [parameter];
    }

    public void Dispose()
    {
        foreach (IDisposable part in owned) part.Dispose();
        owned.Clear();
    }

    /// <summary>Takes a file with its tensors, which is disposed with the checkpoint.</summary>
    /// <param name="canonical">From the names of the file; null for a tensor that is none of this model.</param>
    /// <param name="promised">Names that an index expects in the file.</param>
    /// <param name="replaces">Whether its tensors may take the place of others.</param>
    internal void Add(ITensorFile file, Func<string, string?> canonical, IReadOnlyList<string>? promised = null, bool replaces = false)
    {
        owned.Add(file);
        FileBytes += file.FileBytes;
        foreach (string name in promised ?? [])
        {
            if (!file.Tensors.ContainsKey(name))
                throw new BadInputException(
                    $"{file.Path}: the index promises tensor {name} here, the shard lacks it; fetch the checkpoint again");
        }
        foreach ((string name, HostTensor tensor) in file.Tensors)
        {
            if (canonical(name) is not { } known)
            {
                Ignored.Add(name);
                continue;
            }
            if (replaces) tensors.Remove(known);
            if (WeightNames.IsOriginal(name)) Deciding ??= name;
            if (WeightNames.IsIgnored(known)) Ignored.Add(name);
            else if (!tensors.TryAdd(known, tensor))
                throw new BadInputException($"{file.Path}: two tensors mean {known}; keep one of them");
        }
    }

    /// <summary>Another tensor in the place of one, in memory that is disposed with the checkpoint.</summary>
    internal void Replace(string name, (HostTensor Tensor, IDisposable Memory) other)
    {
        replaced.TryAdd(name, tensors[name].Type);
        tensors[name] = other.Tensor;
        owned.Add(other.Memory);
    }

    /// <summary>Takes a tensor out: it is no parameter.</summary>
    internal HostTensor? Remove(string name) => tensors.Remove(name, out HostTensor? tensor) ? tensor : null;
}
