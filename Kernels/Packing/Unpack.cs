using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Stored numbers to float32 in host memory, exactly: plain ones, or whole blocks.</summary>
internal static unsafe class Unpack
{
    public static void ToFloats(StorageType type, byte* source, float* target, long count)
    {
        switch (type)
        {
            case StorageType.F32: ToFloats<StoredF32>(source, target, count); break;
            case StorageType.F16: ToFloats<StoredF16>(source, target, count); break;
            case StorageType.BF16: ToFloats<StoredBF16>(source, target, count); break;
            default:
                BlockFormat format = BlockFormat.Of(type) ?? throw new ArgumentOutOfRangeException(nameof(type), type, "no weight type");
                format.Dequantize(source, target, count / format.Columns);
                break;
        }
    }

    /// <summary>As many numbers as there is room for.</summary>
    public static void ToFloats(StorageType type, byte* source, Span<float> target)
    {
        fixed (float* numbers = target) ToFloats(type, source, numbers, target.Length);
    }

    // Four at a time on every processor: an upload is bound by the bus.
    private static void ToFloats<TStored>(byte* source, float* target, long count) where TStored : unmanaged, IStored
    {
        long i = 0;
        for (; i + Lanes4.Count <= count; i += Lanes4.Count) TStored.Load<Lanes4>(source + i * TStored.Bytes).Store(target + i);
        for (; i < count; i++) TStored.Load<Lanes1>(source + i * TStored.Bytes).Store(target + i);
    }
}
