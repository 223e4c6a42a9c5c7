namespace EdgeVideoLlava.Kernels;

/// <summary>Stored numbers to float32 on the CPU; F16 and BF16 convert exactly.</summary>
internal static unsafe class Unpack
{
    public static void ToFloats(StorageType type, void* source, float* target, long count)
    {
        switch (type)
        {
            case StorageType.F32: Buffer.MemoryCopy(source, target, count * 4, count * 4); break;
            case StorageType.F16:
                for (long i = 0; i < count; i++) target[i] = (float)((Half*)source)[i];
                break;
            case StorageType.BF16:
                for (long i = 0; i < count; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)((ushort*)source)[i] << 16);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "no weight type");
        }
    }
}
