using System.Text.Json;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The folder of a LoRA adapter: it is merged, in float32, into the model that it names.</summary>
/// <remarks>
/// W += s · B A with A (r, in), B (out, r), s = alpha / r, or alpha / √r (use_rslora). Source: huggingface/peft, tuners/lora. Beside the
/// adapter non_lora_trainables, .safetensors or .bin, holds whole tensors that take the place of the model's (PKU-YuanGroup/Video-LLaVA,
/// train.py, writes .bin).
/// </remarks>
internal sealed class LoraAdapter
{
    /// <summary>Whole tensors beside an adapter, as the trainer writes them.</summary>
    public const string OthersName = "non_lora_trainables.safetensors";

    private const string ConfigName = "adapter_config.json", Prefix = "base_model.model.";

    private readonly string folder, weights;
    private readonly double scale;
    private readonly int rank;

    private LoraAdapter(string folder, string weights, int rank, double scale)
        => (this.folder, this.weights, this.rank, this.scale) = (folder, weights, rank, scale);

    /// <summary>Null where a folder holds no adapter.</summary>
    /// <exception cref="BadInputException">Its config is broken, or asks for more than plain LoRA.</exception>
    public static LoraAdapter? Find(string folder)
    {
        string path = Path.Combine(folder, ConfigName);
        if (!File.Exists(path)) return null;
        using JsonDocument document = JsonFile.Read(path);
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new BadInputException($"{path}: no JSON object");
        var config = new ForeignConfig(document.RootElement, path);
        config.Require("peft_type", "", "LORA");
        config.Require("bias", "none", "none");
        foreach (string flag in new[] { "use_dora", "fan_in_fan_out", "lora_bias", "use_qalora", "use_bdlora" }) config.RequireFalse(flag);
        foreach (string pattern in new[] { "rank_pattern", "alpha_pattern" })
        {
            if (config.Object(pattern)?.Unknown(new HashSet<string>()).Any() == true)
                throw new BadInputException($"{path}: {pattern} gives layers a rank or scale of their own, which is not supported");
        }
        int rank = config.Int("r", 8, 1, 1 << 16);
        double alpha = config.Number("lora_alpha", 8, orZero: true);
        string? weights = new[] { "adapter_model.safetensors", "adapter_model.bin" }.Select(name => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        if (weights == null)
        {
            throw new BadInputException($"{folder}: the adapter's weights, adapter_model.safetensors or adapter_model.bin, are missing; "
                + "fetch it again");
        }
        return new LoraAdapter(folder, weights, rank, alpha / (config.Flag("use_rslora", false) ? Math.Sqrt(rank) : rank));
    }

    /// <summary>The folder of the model that an adapter changes: named so, beside the adapter's folder or in it.</summary>
    /// <exception cref="BadInputException">There is none of that name.</exception>
    public static string BaseOf(string folder)
    {
        string name = CheckpointParts.Named(folder, "base_model_name_or_path", ConfigName)
            ?? throw new BadInputException(
                $"{Path.Combine(folder, ConfigName)}: base_model_name_or_path does not name the model it changes");
        string parent = Path.GetDirectoryName(Path.GetFullPath(folder).TrimEnd('/')) ?? "/";
        return new[] { Path.Combine(folder, name), Path.Combine(parent, name) }.FirstOrDefault(Directory.Exists)
            ?? throw new BadInputException($"{folder}: an adapter of the model {name}; put that model's folder beside it");
    }

    /// <summary>Whether a folder is an adapter's, which takes from its model what it does not hold itself.</summary>
    public static bool Is(string folder) => File.Exists(Path.Combine(folder, ConfigName));

    public void Open(Checkpoint checkpoint)
    {
        string model = BaseOf(folder);
        CheckpointFiles.OpenFolder(checkpoint, model);
        checkpoint.ConfigFolder = File.Exists(Path.Combine(folder, "config.json")) ? folder : model;
        if (checkpoint.Keys != null) throw new BadInputException($"{model}: an adapter changes a folder of shards, not a GGUF file");
        string? others = new[] { OthersName, Path.ChangeExtension(OthersName, ".bin") }.Select(name => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
        if (others != null) checkpoint.Add(CheckpointFiles.Open(others), Canonical, replaces: true);
        using ITensorFile adapter = CheckpointFiles.Open(weights);
        Merge(checkpoint, adapter);
    }

    private void Merge(Checkpoint checkpoint, ITensorFile adapter)
    {
        const string A = ".lora_A.weight", B = ".lora_B.weight";
        foreach (string name in adapter.Tensors.Keys)
        {
            if (!name.EndsWith(A) && !name.EndsWith(B))
                throw new BadInputException($"{adapter.Path}: tensor {name} is none of LoRA's A and B");
            string other = name.EndsWith(A) ? name[..^A.Length] + B : name[..^B.Length] + A;
            if (!adapter.Tensors.ContainsKey(other)) throw new BadInputException($"{adapter.Path}: tensor {name} without {other}");
        }
        foreach ((string name, HostTensor a) in adapter.Tensors.Where(pair => pair.Key.EndsWith(A)))
        {
            string target = Canonical(name[..^A.Length] + ".weight");
            if (!checkpoint.Tensors.TryGetValue(target, out HostTensor? tensor))
                throw new BadInputException($"{adapter.Path}: tensor {name} changes {target}, which the model does not have");
            checkpoint.Replace(target, Merged(adapter, tensor, a, adapter.Tensors[name[..^A.Length] + B]));
        }
    }

    private (HostTensor Tensor, HostMemory Memory) Merged(ITensorFile adapter, HostTensor tensor, HostTensor a, HostTensor b)
    {
        bool fits = tensor.Shape is [var outputs, var inputs] && a.Shape.SequenceEqual([rank, inputs])
            && b.Shape.SequenceEqual([outputs, rank]);
        if (!fits) throw new BadInputException($"{adapter.Path}: {a} and {b} do not fit {tensor} at the rank {rank}");
        float[] down = Floats(adapter, a), up = Floats(adapter, b);
        int rows = (int)tensor.Shape[0], columns = (int)tensor.Shape[1];
        var memory = new HostMemory(tensor.Elements * sizeof(float), mebibytes
            => $"no memory for {mebibytes} MiB of merged weights; close other programs or merge the adapter on a larger machine");
        unsafe
        {
            float* target = (float*)memory.Address;
            if (!Pack.Rows(new HostRows(tensor.Address, rows), tensor.Type, StorageType.F32, columns, memory.Address))
                throw new BadInputException($"{tensor}: numbers that are not finite");
            Parallel.For(0, rows, row =>
            {
                var sum = new Span<float>(target + (long)row * columns, columns);
                for (int k = 0; k < rank; k++)
                {
                    float factor = (float)(scale * up[row * rank + k]);
                    ReadOnlySpan<float> line = down.AsSpan(k * columns, columns);
                    for (int c = 0; c < columns; c++) sum[c] += factor * line[c];
                }
            });
        }
        return (new HostTensor(tensor.Name, StorageType.F32, [.. tensor.Shape], memory.Address), memory);
    }

    private static float[] Floats(ITensorFile adapter, HostTensor tensor)
        => tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16 ? tensor.ToFloats()
            : throw new BadInputException($"{adapter.Path}: {tensor} should hold F32, F16 or BF16");

    private static string Canonical(string name)
        => WeightNames.Canonical(name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name);
}
