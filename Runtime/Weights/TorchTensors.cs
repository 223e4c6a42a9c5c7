using EdgeVideoLlava.Runtime.Weights.Torch;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>The tensors of a PyTorch file.</summary>
internal sealed class TorchTensors : ITensorFile
{
    private readonly TorchFile file;

    /// <inheritdoc cref="TorchFile(string)"/>
    public TorchTensors(string path)
    {
        file = new TorchFile(path);
        Tensors = file.Tensors.ToDictionary(pair => pair.Key,
            pair => new HostTensor(pair.Key, pair.Value.Type, [.. pair.Value.Shape], pair.Value.Address, file.File, pair.Value.IsWhole));
    }

    public string Path => file.Path;

    public long FileBytes => file.FileBytes;

    public IReadOnlyDictionary<string, HostTensor> Tensors { get; }

    public void Dispose() => file.Dispose();
}
