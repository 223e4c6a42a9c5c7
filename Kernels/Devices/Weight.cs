using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>A weight on a device: (Rows, Columns) numbers of a storage type that model code never looks at.</summary>
/// <remarks>Only training writes to it.</remarks>
internal sealed class Weight(string name, StorageType type, int rows, int columns, DeviceBuffer buffer) : IDisposable
{
    public string Name { get; } = name;

    /// <summary>How the checkpoint stores it. A device may keep it in another type (<see cref="DeviceBuffer.Type"/>).</summary>
    public StorageType Type { get; } = type;

    public int Rows { get; } = rows;
    public int Columns { get; } = columns;
    public DeviceBuffer Buffer { get; } = buffer;

    /// <summary>Products that round x to bytes round what is left once more, and have 15 bits of x: for the head, whose errors no later
    /// layer evens out.</summary>
    public bool RoundsTwice { get; set; }

    public void Dispose() => Buffer.Dispose();
}
