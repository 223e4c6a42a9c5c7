using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A copy of a golden checkpoint, as one file, with some of it changed.</summary>
internal sealed class DoctoredCheckpoint : IDisposable
{
    private readonly TemporaryFolder folder = new();

    /// <param name="source">A checkpoint's folder.</param>
    public DoctoredCheckpoint(string source)
    {
        foreach (string file in Directory.GetFiles(source))
            File.Copy(file, System.IO.Path.Combine(folder.Path, System.IO.Path.GetFileName(file)));
    }

    public string Path => folder.Path;

    public string ConfigPath => System.IO.Path.Combine(Path, "config.json");

    public void Dispose() => folder.Dispose();

    /// <summary>Changes config.json.</summary>
    public DoctoredCheckpoint Config(Action<JsonNode> change)
    {
        JsonNode config = JsonNode.Parse(File.ReadAllText(ConfigPath))!;
        change(config);
        File.WriteAllText(ConfigPath, config.ToJsonString());
        return this;
    }

    /// <summary>Changes the tensors, as float32 (buffers that are no numbers of that kind stay away).</summary>
    public DoctoredCheckpoint Tensors(Action<Dictionary<string, (long[] Shape, float[] Values)>> change)
    {
        var tensors = new Dictionary<string, (long[] Shape, float[] Values)>();
        foreach (string shard in Directory.GetFiles(Path, "*.safetensors"))
        {
            using var file = new SafeTensors(shard);
            foreach ((string name, HostTensor tensor) in file.Tensors)
            {
                if (tensor.Type is StorageType.F32 or StorageType.F16 or StorageType.BF16)
                    tensors[name] = ([.. tensor.Shape], tensor.ToFloats());
            }
        }
        change(tensors);
        foreach (string old in Directory.GetFiles(Path, "model*")) File.Delete(old);
        SafeTensorsWriter.Write(System.IO.Path.Combine(Path, "model.safetensors"),
            [.. tensors.Select(pair => new SafeTensorsWriter.Entry(pair.Key, StorageType.F32, pair.Value.Shape, stream
            => stream.Write(MemoryMarshal.AsBytes(pair.Value.Values.AsSpan()))))], []);
        return this;
    }
}
