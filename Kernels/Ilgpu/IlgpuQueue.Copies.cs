using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Between host and device, through host memory that the driver may read while the caller goes on.</summary>
internal sealed unsafe partial class IlgpuQueue
{
    public override void Write(ReadOnlySpan<float> source, Matrix target)
    {
        source = source[..(target.Rows * target.Columns)];
        if (target.Type == StorageType.F16) WriteRows<ushort>(ToHalves(source), target);
        else WriteRows(source, target);
    }

    public override void Write(ReadOnlySpan<int> source, IntVector target)
    {
        if (target.Length > 0) Upload(source[..target.Length], target.Gpu());
    }

    public override void Write(ReadOnlySpan<byte> source, DeviceBuffer target)
    {
        // ILGPU wants views of the buffer's element or larger ones.
        switch (target.Type.ElementBytes())
        {
            case 1: WriteStart(source, target); break;
            case 2: WriteStart(MemoryMarshal.Cast<byte, ushort>(source), target); break;
            default: WriteStart(MemoryMarshal.Cast<byte, int>(source), target); break;
        }
    }

    public override void Read(Matrix source, Span<float> target)
    {
        target = target[..(source.Rows * source.Columns)];
        if (source.Type != StorageType.F16)
        {
            ReadRows(source, target);
            return;
        }
        var halves = new ushort[target.Length];
        ReadRows<ushort>(source, halves);
        for (int i = 0; i < halves.Length; i++) target[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
    }

    public override void Read(IntVector source, Span<int> target)
    {
        fixed (int* address = target[..source.Length])
        {
            if (source.Length > 0) Download(source.Gpu(), address);
            Wait();
        }
    }

    private protected override void CopyDense(Matrix source, Matrix target)
    {
        long count = (long)source.Rows * source.Columns;
        ArrayView<float> from = IlgpuViews.View<float>(source.Buffer, source.Offset, count);
        ArrayView<float> to = IlgpuViews.View<float>(target.Buffer, target.Offset, count);
        mode.Take((from, to), static (copy, stream) => copy.from.CopyTo(stream, copy.to));
    }

    private static ushort[] ToHalves(ReadOnlySpan<float> numbers)
    {
        var halves = new ushort[numbers.Length];
        for (int i = 0; i < halves.Length; i++) halves[i] = BitConverter.HalfToUInt16Bits((System.Half)numbers[i]);
        return halves;
    }

    private void WriteStart<T>(ReadOnlySpan<T> source, DeviceBuffer target) where T : unmanaged
    {
        if (source.Length > 0) Upload(source, IlgpuViews.View<T>(target, 0, source.Length));
    }

    private void WriteRows<T>(ReadOnlySpan<T> source, Matrix target) where T : unmanaged
    {
        foreach ((long offset, int start, int length) in Pieces(target))
            Upload(source.Slice(start, length), IlgpuViews.View<T>(target.Buffer, offset, length));
    }

    private void ReadRows<T>(Matrix source, Span<T> target) where T : unmanaged
    {
        fixed (T* address = target)
        {
            foreach ((long offset, int start, int length) in Pieces(source))
                Download(IlgpuViews.View<T>(source.Buffer, offset, length), address + start);
            Wait(); // inside fixed: the driver writes to the caller's memory until then
        }
    }

    /// <summary>What a copy of a matrix consists of: all of it if its rows lie close, else each row.</summary>
    private static IEnumerable<(long Offset, int Start, int Length)> Pieces(Matrix matrix)
    {
        bool dense = matrix.Rows == 1 || matrix.Stride == matrix.Columns;
        int count = matrix.Rows * matrix.Columns == 0 ? 0 : dense ? 1 : matrix.Rows;
        int length = dense ? matrix.Rows * matrix.Columns : matrix.Columns;
        for (int i = 0; i < count; i++) yield return (matrix.Offset + (long)i * matrix.Stride, i * length, length);
    }

    private void Upload<T>(ReadOnlySpan<T> source, ArrayView<T> target) where T : unmanaged
    {
        if (!mode.TakesWork) return;
        HostStaging.Block block = staging.Take((long)source.Length * sizeof(T), progress.Done);
        source.CopyTo(new Span<T>(block.Address, source.Length));
        mode.Take((target, (nint)block.Address), static (copy, stream)
            => copy.target.CopyFromCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.target.Length));
        block.Ticket = progress.Last;
    }

    private void Download<T>(ArrayView<T> source, T* target) where T : unmanaged
        => mode.Take((source, (nint)target), static (copy, stream)
        => copy.source.CopyToCPUUnsafeAsync(stream, ref *(T*)copy.Item2, copy.source.Length));
}
