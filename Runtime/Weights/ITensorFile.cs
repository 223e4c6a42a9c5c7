namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A file of tensors, whatever its format, open as long as they are used.</summary>
internal interface ITensorFile : IDisposable
{
    /// <summary>For messages.</summary>
    string Path { get; }

    long FileBytes { get; }

    /// <summary>Under the names of the file.</summary>
    IReadOnlyDictionary<string, HostTensor> Tensors { get; }
}
