using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>How a storage type lies on an accelerator, chosen at run time: its sizes, its packing on the host, its kernels.</summary>
internal sealed unsafe class DeviceFormat
{
    private static readonly Dictionary<StorageType, DeviceFormat> Formats = new()
    {
        [StorageType.F32] = Create<DeviceF32>(StorageType.F32),
        [StorageType.F16] = Create<DeviceF16>(StorageType.F16),
        [StorageType.BF16] = Create<DeviceBF16>(StorageType.BF16),
        [StorageType.Q8_0] = Create<DeviceQ8_0>(StorageType.Q8_0),
        [StorageType.Q4_0] = Create<DeviceQ4_0>(StorageType.Q4_0),
        [StorageType.Q4_1] = Create<DeviceQ4_1>(StorageType.Q4_1),
        [StorageType.Q5_0] = Create<DeviceQ5_0>(StorageType.Q5_0),
        [StorageType.Q5_1] = Create<DeviceQ5_1>(StorageType.Q5_1),
        [StorageType.Q4_K] = Create<DeviceQ4_K>(StorageType.Q4_K),
        [StorageType.Q6_K] = Create<DeviceQ6_K>(StorageType.Q6_K),
    };

    private static readonly DeviceFormat HalfRows = Create<DeviceHalfRows>(StorageType.F16);

    private readonly delegate*<int, int> rowWords, scaleWords;

    private DeviceFormat(StorageType type, delegate*<int, int> rowWords, delegate*<int, int> scaleWords, delegate*<byte*, int, uint*, uint*, void> packRow,
        Func<KernelLoader, StorageType, IlgpuWeightKernels> load)
    {
        (Type, Load) = (type, load);
        this.rowWords = rowWords;
        this.scaleWords = scaleWords;
        PackRow = packRow;
    }

    /// <summary>Type of the numbers on the device.</summary>
    public StorageType Type { get; }

    /// <summary>(stored row, columns, its words, its scale words)</summary>
    public delegate*<byte*, int, uint*, uint*, void> PackRow { get; }

    /// <summary>(loader, type of activations)</summary>
    public Func<KernelLoader, StorageType, IlgpuWeightKernels> Load { get; }

    /// <summary>The format that keeps a storage type; F16 for a type without kernels of its own.</summary>
    public static DeviceFormat Of(StorageType type) => Formats.GetValueOrDefault(type) ?? Formats[StorageType.F16];

    /// <summary>The same for a tier: tensor cores read rows of halves as they are.</summary>
    public static DeviceFormat Of(StorageType type, KernelTier tier)
        => tier == KernelTier.TensorCore && Of(type).Type == StorageType.F16 ? HalfRows : Of(type);

    public int RowWords(int columns) => rowWords(columns);

    public int ScaleWords(int columns) => scaleWords(columns);

    private static DeviceFormat Create<TWeights>(StorageType type) where TWeights : unmanaged, IDeviceWeights, IDevicePacking
        => new(type, &TWeights.RowWords, &TWeights.ScaleWords, &TWeights.PackRow, IlgpuWeightKernels.Load<TWeights>);
}
