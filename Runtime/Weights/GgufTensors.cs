using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The tensors of a GGUF file, or of one that is split into several, with their shapes in the usual order.</summary>
internal sealed class GgufTensors : ITensorFile
{
    private const int PartCeiling = 1000;

    private readonly List<GgufFile> files = [];
    private readonly Dictionary<string, HostTensor> tensors = [];

    /// <param name="path">The file, or the first part of a split one.</param>
    /// <exception cref="BadInputException">A part is missing or broken.</exception>
    public GgufTensors(string path)
    {
        Path = path;
        try
        {
            files.Add(new GgufFile(path));
            ReadParts();
            foreach (GgufFile file in files) AddTensors(file);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Path { get; }

    public long FileBytes => files.Sum(file => file.FileBytes);

    public IReadOnlyDictionary<string, HostTensor> Tensors => tensors;

    /// <summary>Those of the first part, which has the model's.</summary>
    public GgufKeys Keys => files[0].Keys;

    public void Dispose()
    {
        foreach (GgufFile file in files) file.Dispose();
    }

    /// <summary>NAME-00001-of-0000N.gguf: the keys split.count and split.no say which part of how many a file is.</summary>
    private void ReadParts()
    {
        int count = Keys.Int("split.count", 0, PartCeiling) ?? 1;
        if (count <= 1) return;
        int number = Keys.RequiredInt("split.no", 0, count - 1);
        if (number > 0) throw new BadInputException($"{Path}: part {number + 1} of {count}; give the first part");
        string end = End(0);
        if (!Path.EndsWith(end, StringComparison.Ordinal))
            throw new BadInputException($"{Path}: part 1 of {count}; its name should end in {end}");
        for (int part = 1; part < count; part++)
        {
            var file = new GgufFile(Path[..^end.Length] + End(part));
            files.Add(file);
            if (file.Keys.Int("split.no") != part || file.Keys.Int("split.count") != count)
                throw new BadInputException($"{file.Path}: not part {part + 1} of {count}; fetch the model again");
        }
        int total = Keys.RequiredInt("split.tensors.count");
        if (files.Sum(file => file.Tensors.Count) != total)
            throw new BadInputException($"{Path}: its {count} parts do not hold {total} tensors together; fetch the model again");

        string End(int part) => $"-{part + 1:00000}-of-{count:00000}.gguf";
    }

    private void AddTensors(GgufFile file)
    {
        foreach (GgufTensor tensor in file.Tensors)
        {
            var host = new HostTensor(tensor.Name, tensor.Type, [.. tensor.Sizes.Reverse()], tensor.Address,
                file.File);
            if (!tensors.TryAdd(tensor.Name, host))
                throw new BadInputException($"{file.Path}: tensor {tensor.Name} is in another part too; fetch the model again");
        }
    }
}
