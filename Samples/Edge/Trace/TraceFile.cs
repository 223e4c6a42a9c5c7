using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Edge.Trace;

/// <summary>The tensors of one forward pass by name, in the order they were made; a safetensors file on disk.</summary>
public sealed class TraceFile
{
    private readonly List<string> order = [];
    private readonly Dictionary<string, TraceTensor> tensors = [];

    public IReadOnlyList<string> Names => order;

    public TraceTensor? Find(string name) => tensors.GetValueOrDefault(name);

    public void Add(string name, TraceTensor tensor)
    {
        if (tensors.TryAdd(name, tensor)) order.Add(name);
        else tensors[name] = tensor;
    }

    public static TraceFile Read(string path)
    {
        using var file = new SafeTensors(path);
        var trace = new TraceFile();
        foreach ((string name, HostTensor tensor) in file.Tensors)
        {
            bool ids = tensor.Type is StorageType.I64 or StorageType.I32;
            if (ids) trace.Add(name, new TraceTensor([.. tensor.Shape], null, tensor.ToLongs()));
            else if (tensor.Type != StorageType.U8) trace.Add(name, new TraceTensor([.. tensor.Shape], tensor.ToFloats(), null));
        }
        return trace;
    }

    /// <param name="inputs">Files that were read for it.</param>
    public void Write(string path, IEnumerable<string> inputs)
        => SafeTensorsWriter.Write(path, [.. order.Select(name => Entry(name, tensors[name]))], inputs);

    private static SafeTensorsWriter.Entry Entry(string name, TraceTensor tensor) => tensor.Floats != null
        ? new(name, StorageType.F32, tensor.Shape, stream => stream.Write(MemoryMarshal.AsBytes(tensor.Floats.AsSpan())))
        : new(name, StorageType.I64, tensor.Shape, stream => stream.Write(MemoryMarshal.AsBytes(tensor.Ids!.AsSpan())));
}
