namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Token ids or positions in device memory, so that they are not scalars of a launch.</summary>
internal readonly record struct IntVector(DeviceBuffer Buffer, int Offset, int Length)
{
    public IntVector Range(int start, int count) => new(Buffer, Offset + start, count);
}
