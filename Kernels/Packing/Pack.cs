using System.Numerics;
using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>float32 to stored numbers: F16, BF16, and the block types Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K,
/// by ggml's reference rules.</summary>
/// <remarks>With an importance of each column or without. Bytes equal those of llama.cpp's files; see docs/formats.md.</remarks>
internal static unsafe class Pack
{
    /// <summary>Whether the type can be written.</summary>
    public static bool Writes(StorageType type) => BlockFormat.Of(type) is { } format && format.Quantize != null;

    /// <summary>Numbers of whole blocks to their bytes.</summary>
    /// <returns>False if a number is not finite, or too large for the type's scales; the bytes then mean nothing.</returns>
    /// <exception cref="ArgumentException">The type is not written, the numbers are not whole blocks, or the target
    /// has another size.</exception>
    public static bool FromFloats(StorageType type, ReadOnlySpan<float> source, Span<byte> target)
    {
        RequireWritten(type);
        if (type.Bytes(source.Length) != target.Length)
            throw new ArgumentException($"{source.Length} numbers of {type} take {type.Bytes(source.Length)} bytes, not {target.Length}");
        if (!AreFinite(source)) return false;
        BlockFormat format = BlockFormat.Of(type)!;
        fixed (float* from = source)
        fixed (byte* to = target)
        {
            return format.Quantize(from, to, source.Length / format.Columns);
        }
    }

    /// <summary>One row, with an importance of each of its columns: the mean square of what it is multiplied with.</summary>
    /// <inheritdoc cref="FromFloats"/>
    public static bool FromRow(StorageType type, ReadOnlySpan<float> row, ReadOnlySpan<float> importance, Span<byte> target)
    {
        RequireWritten(type);
        if (type.Bytes(row.Length) != target.Length || importance.Length != row.Length)
            throw new ArgumentException(
                $"{row.Length} numbers, {importance.Length} importances and {target.Length} bytes do not fit {type}");
        if (!AreFinite(row)) return false;
        float squares = 0;
        foreach (float value in row) squares += value * value;
        BlockFormat format = BlockFormat.Of(type)!;
        fixed (float* from = row, weights = importance)
        fixed (byte* to = target)
        {
            return format.QuantizeWeighted(from, weights, squares / row.Length, to, row.Length / format.Columns);
        }
    }

    /// <summary>A weight's rows from one storage type to another (F32, or one that is written), on all cores.</summary>
    /// <param name="target">Memory of <c>to.Bytes(rows · columns)</c> bytes.</param>
    /// <returns>As <see cref="FromFloats"/>; F32 holds every number.</returns>
    public static bool Rows(HostRows source, StorageType from, StorageType to, int columns, nint target, CancellationToken cancel = default)
    {
        if (to != StorageType.F32) RequireWritten(to);
        long fromBytes = from.Bytes(columns), toBytes = to.Bytes(columns);
        int misfits = 0;
        Parallel.For(0, source.Rows, new ParallelOptions { CancellationToken = cancel }, () => new float[columns], (row, _, floats) =>
        {
            byte* stored = (byte*)source.Row(row, fromBytes), wanted = (byte*)target + row * toBytes;
            if (to == StorageType.F32)
            {
                Unpack.ToFloats(from, stored, (float*)wanted, columns);
                return floats;
            }
            fixed (float* values = floats) Unpack.ToFloats(from, stored, values, columns);
            if (!FromFloats(to, floats, new Span<byte>(wanted, (int)toBytes))) Interlocked.Increment(ref misfits);
            return floats;
        }, _ => { });
        return misfits == 0;
    }

    /// <summary>Whether no number is infinite or none.</summary>
    public static bool AreFinite(ReadOnlySpan<float> numbers)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(numbers);
        Vector<float> differences = Vector<float>.Zero;
        foreach (Vector<float> vector in vectors) differences += vector - vector; // 0, but of what is not finite
        if (!Vector.EqualsAll(differences, Vector<float>.Zero)) return false;
        foreach (float number in numbers[(vectors.Length * Vector<float>.Count)..])
        {
            if (!float.IsFinite(number)) return false;
        }
        return true;
    }

    private static void RequireWritten(StorageType type)
    {
        if (!Writes(type)) throw new ArgumentException($"{type} is not written", nameof(type));
    }
}
