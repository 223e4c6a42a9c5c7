using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A copy of a checkpoint whose language linears went through storage types, tensor by tensor, one after the
/// other, and stand there as float32.</summary>
internal sealed unsafe class DequantizedCheckpoint : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public DequantizedCheckpoint(string source, params StorageType[] types)
    {
        Folder = Path.Combine(folder.Path, "checkpoint");
        Directory.CreateDirectory(Folder);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(Folder, "config.json"));
        Copy(Path.Combine(source, "..", "towers"), Path.Combine(folder.Path, "towers"));
        SafeTensors[] shards = [.. Directory.GetFiles(source, "*.safetensors").Select(path => new SafeTensors(path))];
        SafeTensorsWriter.Write(Path.Combine(Folder, "model.safetensors"),
            [.. shards.SelectMany(shard => shard.Tensors).Select(pair => Entry(pair.Key, pair.Value, types))], []);
        foreach (SafeTensors shard in shards) shard.Dispose();
    }

    public string Folder { get; }

    /// <summary>How many tensors were converted.</summary>
    public int Converted { get; private set; }

    public void Dispose() => folder.Dispose();

    private SafeTensorsWriter.Entry Entry(string name, HostTensor tensor, StorageType[] types)
    {
        string canonical = WeightNames.Canonical(name);
        bool linear = canonical.StartsWith("layers.") && tensor.Shape.Count == 2; // all but norms and old buffers
        if (!linear)
            return new(name, tensor.Type, [.. tensor.Shape], stream
                => stream.Write(new ReadOnlySpan<byte>((void*)tensor.Address, (int)tensor.Bytes)));
        Converted++;
        float[] numbers = tensor.ToFloats();
        foreach (StorageType type in types)
        {
            var bytes = new byte[type.Bytes(numbers.Length)];
            Assert.True(Pack.FromFloats(type, numbers, bytes));
            fixed (byte* source = bytes)
            fixed (float* target = numbers) Unpack.ToFloats(type, source, target, numbers.Length);
        }
        return new(name, StorageType.F32, [.. tensor.Shape], stream
            => stream.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers.AsSpan())));
    }

    private static void Copy(string source, string target)
    {
        if (!Directory.Exists(source)) return;
        foreach (string path in Directory.GetFiles(source, "*.json", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(target, Path.GetRelativePath(source, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
    }
}
