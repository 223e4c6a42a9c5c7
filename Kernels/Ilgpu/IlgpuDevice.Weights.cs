using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Weights: packed on the host a piece at a time, copied, waited for.</summary>
internal sealed unsafe partial class IlgpuDevice
{
    private const int PieceWords = 1 << 22;

    /// <summary>Bytes that a weight of a storage type takes on an accelerator: its type's, rows padded; F16 for a
    /// type without kernels of its own.</summary>
    public static long WeightBytes(StorageType type, int rows, int columns)
    {
        DeviceFormat format = DeviceFormat.Of(type);
        return WholeWords(format, rows, columns) * sizeof(uint);
    }

    internal override Weight AllocateWeight(string name, StorageType type, int rows, int columns)
    {
        Shapes.WholeBlocks(name, type, columns);
        IlgpuWeightBuffer buffer = AllocateWeight(Format(type), rows, columns);
        if (buffer.Format.RowWords(columns) != columns) Clear(buffer);
        return new Weight(name, type, rows, columns, buffer);
    }

    /// <summary>Kernels read what pads a row; whoever fills the weight writes its numbers alone.</summary>
    private void Clear(IlgpuWeightBuffer buffer)
    {
        try
        {
            buffer.Memory.MemSet(Accelerator.DefaultStream, 0, 0, buffer.Memory.LengthInBytes);
            Accelerator.DefaultStream.Synchronize();
        }
        catch (AcceleratorException failure)
        {
            buffer.Dispose();
            throw Failed(failure);
        }
    }

    internal override Weight LoadWeight(string name, StorageType type, int columns, params ReadOnlySpan<HostRows> parts)
    {
        Shapes.WholeBlocks(name, type, columns);
        int rows = 0;
        foreach (HostRows part in parts) rows = checked(rows + part.Rows);
        DeviceFormat format = Format(type);
        IlgpuWeightBuffer buffer = AllocateWeight(format, rows, columns);
        try
        {
            int at = 0;
            foreach (HostRows part in parts)
            {
                Upload(name, type, format, part, columns, buffer.View(), at);
                at += part.Rows;
            }
            Accelerator.DefaultStream.Synchronize(); // the queues' streams do not wait for it
        }
        catch (Exception e)
        {
            buffer.Dispose();
            if (e is AcceleratorException failure) throw Failed(failure);
            throw;
        }
        return new Weight(name, type, rows, columns, buffer);
    }

    /// <summary>Its rows are padded.</summary>
    internal override Matrix Numbers(Weight weight)
    {
        // Halves lie in the order that kernels want, not in that of the columns.
        if (weight.Buffer.Type != StorageType.F32) throw new ArgumentException($"{weight.Name} is kept as {weight.Buffer.Type}");
        return base.Numbers(weight) with { Stride = ((IlgpuWeightBuffer)weight.Buffer).Format.RowWords(weight.Columns) };
    }

    private DeviceFormat Format(StorageType type) => Tier == KernelTier.TensorCore ? DeviceFormat.OfTensorCores(type)
        : DeviceFormat.Of(type);

    private IlgpuWeightBuffer AllocateWeight(DeviceFormat format, int rows, int columns)
        => new(this, format, rows, columns, AllocateMemory(WholeWords(format, rows, columns), sizeof(uint)));

    // As many as the view of four words at a time needs.
    private static long WholeWords(DeviceFormat format, int rows, int columns)
        => (Math.Max(1, (long)rows * (format.RowWords(columns) + format.ScaleWords(columns))) + 3) / 4 * 4;

    /// <exception cref="BadInputException">Numbers of a type without kernels of its own are too large for F16.</exception>
    private void Upload(string name, StorageType type, DeviceFormat format, HostRows source, int columns, WeightView target, int firstRow)
    {
        int rows = source.Rows;
        if (rows == 0 || columns == 0) return;
        long stored = type.Bytes(columns), kept = format.Type.Bytes(columns);
        int pieceRows = Math.Clamp(PieceWords / target.RowWords, 1, rows);
        uint[] words = new uint[pieceRows * target.RowWords], scales = new uint[pieceRows * target.ScaleWords];
        byte[]? ordered = source.Heads == 0 ? null : new byte[pieceRows * stored];
        byte[]? converted = type == format.Type ? null : new byte[pieceRows * kept];
        for (int at = 0; at < rows; at += pieceRows)
        {
            int count = Math.Min(pieceRows, rows - at);
            fixed (uint* word = words, scale = scales)
            fixed (byte* other = converted, inOrder = ordered)
            {
                byte* packed = inOrder == null ? (byte*)source.Row(at, stored) : inOrder;
                if (inOrder != null) source.CopyTo(inOrder, at, count, stored);
                if (other != null && !Pack.Rows(new HostRows((nint)packed, count), type, format.Type, columns, (nint)other))
                    throw Misfit(name, type, format.Type);
                if (other != null) packed = other;
                for (int i = 0; i < count; i++)
                    format.PackRow(packed + i * kept, columns, word + (long)i * target.RowWords, scale + (long)i * target.ScaleWords);
            }
            Copy(words, count * target.RowWords, target, (firstRow + at) * target.RowWords);
            Copy(scales, count * target.ScaleWords, target, target.Scales + (firstRow + at) * target.ScaleWords);
        }
    }

    private BadInputException Misfit(string name, StorageType type, StorageType other)
    {
        string numbers = $"{type} numbers that are not finite or too large for {other}, which {id} takes in their place";
        return new BadInputException($"{name}: {numbers}; compute on the processor ({Setting.Processor})")
        {
            Remedies =
            [Setting.Processor]
        };
    }

    private void Copy(uint[] source, int count, WeightView target, int offset)
    {
        if (count > 0) target.Words.SubView(offset, count).CopyFromCPU(Accelerator.DefaultStream, new ReadOnlySpan<uint>(source, 0, count));
    }
}
