namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How a storage type lies on an accelerator, chosen at run time: its sizes, its packing on the host, its
/// type argument in kernels.</summary>
internal abstract unsafe class DeviceFormat(StorageType type)
{
    /// <summary>The one place that names them all: a type with kernels is a line here and its own file.</summary>
    private static readonly Dictionary<StorageType, DeviceFormat> Formats = new DeviceFormat[]
    {
        new DeviceFormat<DeviceF32>(StorageType.F32),
        new DeviceFormat<DeviceHalves<DeviceF16>>(StorageType.F16),
        new DeviceFormat<DeviceHalves<DeviceBF16>>(StorageType.BF16),
        new DeviceFormat<DeviceQ8_0>(StorageType.Q8_0),
        new DeviceFormat<DeviceQ4_0>(StorageType.Q4_0),
        new DeviceFormat<DeviceQ4_1>(StorageType.Q4_1),
        new DeviceFormat<DeviceQ5_0>(StorageType.Q5_0),
        new DeviceFormat<DeviceQ5_1>(StorageType.Q5_1),
        new DeviceFormat<DeviceQ4_K>(StorageType.Q4_K),
        new DeviceFormat<DeviceQ5_K>(StorageType.Q5_K),
        new DeviceFormat<DeviceQ6_K>(StorageType.Q6_K),
        new DeviceFormat<DeviceIQ4_NL>(StorageType.IQ4_NL),
    }.ToDictionary(format => format.Type);

    private static readonly DeviceFormat HalfRows = new DeviceFormat<DeviceHalves<DeviceHalfRows>>(StorageType.F16);

    /// <summary>Type of the numbers on the device.</summary>
    public StorageType Type { get; } = type;

    /// <summary>All types that accelerators keep as they are.</summary>
    public static IEnumerable<StorageType> Kept => Formats.Keys;

    /// <summary>The format that keeps a storage type; F16 for a type without kernels of its own.</summary>
    public static DeviceFormat Of(StorageType type) => Formats.GetValueOrDefault(type) ?? Formats[StorageType.F16];

    /// <summary>The same for tensor cores, which read rows of halves as they are.</summary>
    public static DeviceFormat OfTensorCores(StorageType type) => Of(type).Type == StorageType.F16 ? HalfRows : Of(type);

    public abstract int RowWords(int columns);

    public abstract int ScaleWords(int columns);

    /// <summary>One stored row to its words and scales, without loss.</summary>
    public abstract void PackRow(byte* source, int columns, uint* words, uint* scales);

    /// <summary>Runs what needs the weights' type as a type argument: an operation's launch.</summary>
    public abstract void Run<TLaunch>(TLaunch launch) where TLaunch : struct, IWeightLaunch;
}

/// <summary>A launch of an operation that reads a weight, for any type of weights.</summary>
internal interface IWeightLaunch
{
    void Run<TWeights>() where TWeights : unmanaged, IDeviceWeights;
}

internal sealed unsafe class DeviceFormat<TWeights>(StorageType type) : DeviceFormat(type)
    where TWeights : unmanaged, IDeviceWeights, IDevicePacking
{
    public override int RowWords(int columns) => TWeights.RowWords(columns);

    public override int ScaleWords(int columns) => TWeights.ScaleWords(columns);

    public override void PackRow(byte* source, int columns, uint* words, uint* scales) => TWeights.PackRow(source, columns, words, scales);

    public override void Run<TLaunch>(TLaunch launch) => launch.Run<TWeights>();
}
