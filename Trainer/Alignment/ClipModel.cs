using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Trainer.Saving;

namespace EdgeVideoLlava.Trainer.Alignment;

/// <summary>Two towers and the temperature between them, in float32 on a device; what of it learns has gradients.</summary>
internal sealed class ClipModel : IDisposable
{
    private const string ScaleName = "logit_scale";

    private readonly ComputeQueue queue;
    private readonly Dictionary<string, StorageType> types = [];

    /// <param name="learns">Whether a tensor of this name learns.</param>
    public ClipModel(ComputeDevice device, ClipConfig config, Func<string, bool> learns)
    {
        (Config, queue) = (config, device.CreateQueue());
        Table = new TensorTable(device, queue, learns);
        Table.AddVector(new TensorSpec(ScaleName));
        LogScale = Table.Tensors[^1];
        Visuals = new VisualEncoder(Table, config.Vision, config.Projection);
        Texts = new TextEncoder(Table, config.Text, config.Projection);
    }

    public ClipConfig Config { get; }

    public ComputeQueue Queue => queue;

    public TensorTable Table { get; }

    public TableTensor LogScale { get; }

    public VisualEncoder Visuals { get; }

    public TextEncoder Texts { get; }

    public ContrastiveStep Step => new(queue, Visuals, Texts, LogScale, Config.Projection);

    /// <summary>Reads the weights of a folder; temporal parts that a CLIP lacks begin as LanguageBind's do.</summary>
    /// <exception cref="BadInputException">Tensors are missing, or have other sizes than the config says.</exception>
    public void Load(string folder, int seed)
    {
        using var checkpoint = new Checkpoint(folder, [], Stream.Null);
        if (!CheckpointFiles.AddShards(checkpoint, folder, name => name))
            throw new BadInputException($"{folder}: no weights; with alignment.fromNothing a run begins without");
        var initial = new ClipStart(this, seed);
        foreach (TableTensor tensor in Table.Tensors)
        {
            TensorSpec spec = tensor.Spec;
            if (!checkpoint.Tensors.TryGetValue(spec.Name, out HostTensor? stored))
            {
                if (!spec.Name.Contains(".temporal_")) throw new BadInputException($"{folder}: {spec.Name} is missing; fetch it again");
                continue;
            }
            if (stored.Elements != spec.Elements || stored.Type is not (StorageType.F32 or StorageType.F16 or StorageType.BF16))
                throw new BadInputException($"{folder}: {stored} should hold [{string.Join(", ", spec.Shape)}] numbers by config.json");
            queue.Write(stored.ToFloats(), tensor.Value);
            types[spec.Name] = stored.Type;
        }
        foreach (TableTensor tensor in Table.Tensors.Where(tensor => !types.ContainsKey(tensor.Spec.Name))) initial.Draw(tensor);
    }

    /// <summary>Random numbers everywhere.</summary>
    public void Begin(int seed)
    {
        var initial = new ClipStart(this, seed);
        // Temporal parts last: they begin as copies of the spatial ones.
        foreach (TableTensor tensor in Table.Tensors.OrderBy(tensor => tensor.Spec.Name.Contains(".temporal_"))) initial.Draw(tensor);
    }

    /// <summary>A folder with the model: config and tokenizer as they were, tensors in the types that they had.</summary>
    /// <exception cref="BadInputException">The disk is full, or the folder cannot be written.</exception>
    public void Write(string folder, string model)
    {
        string[] inputs = [.. Checkpoint.Files(model)];
        SafeTensorsWriter.Entry Entry(TableTensor tensor)
        {
            StorageType type = types.GetValueOrDefault(tensor.Spec.Name, StorageType.F32);
            return new(tensor.Spec.Name, type, tensor.Spec.Shape, stream => TensorBytes.Write(stream, queue, tensor.Value, type));
        }
        SafeTensorsWriter.Write(Path.Combine(folder, "model.safetensors"), [.. Table.Tensors.Select(Entry)], inputs);
        foreach (string name in new[] { "config.json", "vocab.json", "merges.txt", "tokenizer_config.json", "preprocessor_config.json" })
        {
            string source = Path.Combine(model, name);
            if (!File.Exists(source)) continue;
            using var output = new OutputFile(Path.Combine(folder, name), inputs);
            using (FileStream stream = InputFile.Open(source)) stream.CopyTo(output.Stream);
            output.Complete();
        }
    }

    public void Dispose()
    {
        Table.Dispose();
        queue.Dispose();
    }
}
