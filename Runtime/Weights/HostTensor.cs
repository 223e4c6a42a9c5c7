using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A tensor in host memory, usually a piece of a memory-mapped file. Row-major; valid as long as its file is open.</summary>
/// <param name="isWhole">Looked at before its numbers are first read; throws where they are damaged. Null: nothing to look at.</param>
internal sealed unsafe class HostTensor(string name, StorageType type, long[] shape, nint address, MappedFile? file = null,
    Lazy<bool>? isWhole = null)
{
    public string Name { get; } = name;
    public StorageType Type { get; } = type;
    public IReadOnlyList<long> Shape { get; } = shape;

    /// <summary>Of the first number.</summary>
    /// <exception cref="BadInputException">The numbers are others than were written, by the checksum of their file.</exception>
    public nint Address => isWhole == null || isWhole.Value ? address : 0;

    /// <summary>Whose piece it is; null: it is in memory of its own.</summary>
    public MappedFile? File { get; } = file;

    public long Elements { get; } = shape.Aggregate(1L, (product, size) => checked(product * size));
    public long Bytes => Type.Bytes(Elements);

    /// <summary>The stored numbers as they are.</summary>
    /// <exception cref="ArgumentException">T has another size than the stored type.</exception>
    public ReadOnlySpan<T> Span<T>() where T : unmanaged
    {
        if (sizeof(T) != Type.ElementBytes()) throw new ArgumentException($"{Name} holds {Type}, not {typeof(T).Name}");
        return new ReadOnlySpan<T>((void*)Address, checked((int)Elements));
    }

    /// <summary>A copy in float32 (F32, F16 and BF16 only). F16 and BF16 convert exactly.</summary>
    public float[] ToFloats()
    {
        var floats = new float[checked((int)Elements)];
        switch (Type)
        {
            case StorageType.F32: Span<float>().CopyTo(floats); break;
            case StorageType.F16:
                ReadOnlySpan<Half> halves = Span<Half>();
                for (int i = 0; i < floats.Length; i++) floats[i] = (float)halves[i];
                break;
            case StorageType.BF16:
                ReadOnlySpan<ushort> upper = Span<ushort>();
                for (int i = 0; i < floats.Length; i++) floats[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
            default: throw new ArgumentException($"{Name} holds {Type}, which is not a floating-point type");
        }
        return floats;
    }

    /// <summary>A copy of I64 or I32 numbers.</summary>
    public long[] ToLongs() => Type switch
    {
        StorageType.I64 => Span<long>().ToArray(),
        StorageType.I32 => [.. Span<int>().ToArray().Select(value => (long)value)],
        _ => throw new ArgumentException($"{Name} holds {Type}, which is not a whole-number type"),
    };

    /// <summary>The same type, shape and bytes.</summary>
    public bool BytesEqual(HostTensor other)
    {
        if (Type != other.Type || !Shape.SequenceEqual(other.Shape)) return false;
        for (long at = 0; at < Bytes; at += int.MaxValue)
        {
            int length = (int)Math.Min(int.MaxValue, Bytes - at);
            if (!new ReadOnlySpan<byte>((byte*)Address + at, length)
                .SequenceEqual(new ReadOnlySpan<byte>((byte*)other.Address + at, length))) return false;
        }
        return true;
    }

    /// <summary>It is not needed any more, or not soon (<see cref="MappedFile.Release"/>).</summary>
    public void Release(bool fromCache) => File?.Release(Address, Bytes, fromCache);

    public override string ToString() => $"{Name} {Type} [{string.Join(", ", Shape)}]";
}
