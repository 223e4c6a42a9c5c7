using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Trainer.Saving;

/// <summary>A matrix of float32 as a file's bytes.</summary>
internal static class TensorBytes
{
    private const int NumbersAtOnce = 1 << 20;

    /// <param name="type">F32, or F16 or BF16, to which the numbers are rounded.</param>
    public static void Write(Stream stream, ComputeQueue queue, Matrix matrix, StorageType type = StorageType.F32)
    {
        int atOnce = Math.Max(1, NumbersAtOnce / matrix.Columns);
        for (int row = 0; row < matrix.Rows; row += atOnce)
        {
            float[] numbers = queue.Read(matrix.RowRange(row, Math.Min(atOnce, matrix.Rows - row)));
            stream.Write(type switch
            {
                StorageType.F16 => MemoryMarshal.AsBytes<Half>(Array.ConvertAll(numbers, number => (Half)number)),
                StorageType.BF16 => MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(numbers, UpperHalf)),
                _ => MemoryMarshal.AsBytes<float>(numbers),
            });
        }
    }

    /// <summary>To nearest, ties to even.</summary>
    private static ushort UpperHalf(float number)
    {
        uint bits = BitConverter.SingleToUInt32Bits(number);
        if (float.IsNaN(number)) return (ushort)((bits >> 16) | 0x40);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
