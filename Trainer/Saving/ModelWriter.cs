using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Trainer.Saving;

/// <summary>Writes what a run has made: a whole model, or an adapter in peft's layout.</summary>
/// <remarks>Names of tensors are those of the model's files. Every file appears whole or not at all.</remarks>
internal static class ModelWriter
{
    private const string AdapterPrefix = "base_model.model.";

    private static readonly string[] Beside =
    [
        "config.json", "generation_config.json", "tokenizer.model", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
        "added_tokens.json", "preprocessor_config.json", "processor_config.json", "chat_template.json", "chat_template.jinja",
    ];

    /// <summary>A folder with the model: trained tensors in the types that the model's files have, all others as they are.</summary>
    /// <param name="model">Folder of the model that was trained.</param>
    /// <exception cref="BadInputException">The disk is full, or the folder cannot be written.</exception>
    public static void WriteModel(string folder, string model, Trainable trainable, ComputeQueue queue)
    {
        using var checkpoint = new Checkpoint(model);
        var trained = trainable.Parameters.SelectMany(parameter => parameter.Rows().Select(row => (row.Tensor.Name,
            Rows: parameter.Value.RowRange(row.Start, row.Count)))).ToDictionary(pair => pair.Name, pair => pair.Rows);
        List<SafeTensorsWriter.Entry> entries = [];
        foreach ((string name, HostTensor tensor) in checkpoint.Tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (trained.TryGetValue(name, out Matrix rows))
            {
                StorageType type = tensor.Type is StorageType.F32 or StorageType.BF16 ? tensor.Type : StorageType.F16;
                entries.Add(new(tensor.Name, type, [.. tensor.Shape], stream => TensorBytes.Write(stream, queue, rows, type)));
            }
            else entries.Add(new(tensor.Name, tensor.Type, [.. tensor.Shape], stream => Copy(stream, tensor)));
        }
        string[] inputs = [.. Checkpoint.Files(model)];
        SafeTensorsWriter.Write(Path.Combine(folder, "model.safetensors"), entries, inputs);
        CopyBeside(folder, model, inputs);
    }

    /// <summary>A folder with adapter_model.safetensors, adapter_config.json and, beside them, the projector.</summary>
    /// <param name="model">Folder of the model that it changes; it is looked for by its name beside the adapter's folder.</param>
    /// <exception cref="BadInputException">The disk is full, or the folder cannot be written.</exception>
    public static void WriteAdapter(string folder, string model, Trainable trainable, LoraOptions lora, ComputeQueue queue)
    {
        using var checkpoint = new Checkpoint(model);
        string[] inputs = [.. Checkpoint.Files(model)];
        SafeTensorsWriter.Entry Entry(TensorSpec tensor, string name, Matrix rows)
            => new(AdapterPrefix + name, StorageType.F32, tensor.Shape, stream => TensorBytes.Write(stream, queue, rows));
        SafeTensorsWriter.Entry[] Of(ModelPart part, Func<string, string> stored)
            => [.. from parameter in trainable.Parameters
                   where parameter.Part == part
                   from row in parameter.Rows()
                   let name = stored(row.Tensor.Name)
                   orderby name
                   select Entry(row.Tensor, name, parameter.Value.RowRange(row.Start, row.Count))];
        string Weight(string adapter)
        {
            int end = adapter.IndexOf(".lora_", StringComparison.Ordinal);
            string stored = checkpoint.Tensors[adapter[..end] + ".weight"].Name;
            return stored[..^".weight".Length] + adapter[end..];
        }
        SafeTensorsWriter.Write(Path.Combine(folder, "adapter_model.safetensors"), Of(ModelPart.Language, Weight), inputs);
        SafeTensorsWriter.Entry[] others = Of(ModelPart.Projector, name => checkpoint.Tensors[name].Name);
        if (others.Length > 0) SafeTensorsWriter.Write(Path.Combine(folder, LoraAdapter.OthersName), others, inputs);
        CopyBeside(folder, model, inputs);
        AdapterConfig.Write(Path.Combine(folder, "adapter_config.json"), model, lora, inputs);
    }

    private static unsafe void Copy(Stream stream, HostTensor tensor)
    {
        for (long at = 0; at < tensor.Bytes; at += 1 << 26)
            stream.Write(new ReadOnlySpan<byte>((byte*)tensor.Address + at, (int)Math.Min(1 << 26, tensor.Bytes - at)));
    }

    /// <summary>Config and tokenizer, and the configs of towers in folders of their own.</summary>
    private static void CopyBeside(string folder, string model, string[] inputs)
    {
        foreach (string path in Beside.Select(name => Path.Combine(model, name)).Where(File.Exists)
            .Concat(Directory.EnumerateDirectories(model).Select(tower => Path.Combine(tower, "config.json")).Where(File.Exists)))
        {
            string target = Path.Combine(folder, Path.GetRelativePath(model, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using var output = new OutputFile(target, inputs);
            using (FileStream source = InputFile.Open(path)) source.CopyTo(output.Stream);
            output.Complete();
        }
    }
}
