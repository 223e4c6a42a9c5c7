using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Errors;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>Host memory with the rows of one or several tensors in another storage type, one behind the other.</summary>
internal sealed unsafe class ConvertedRows : IDisposable
{
    private void* memory;

    private ConvertedRows(int rows, long bytes)
    {
        Count = rows;
        try
        {
            memory = NativeMemory.AlignedAlloc((nuint)bytes, 64);
        }
        catch (OutOfMemoryException e)
        {
            throw new DeviceFailedException($"no memory for {bytes >> 20} MiB of converted weights; close other programs or take a smaller model or type", e);
        }
    }

    public int Count { get; }

    public HostRows Rows => new((nint)memory, Count);

    /// <summary>Converts on all cores.</summary>
    /// <exception cref="BadInputException">A tensor holds numbers that the type cannot.</exception>
    public static ConvertedRows From(IReadOnlyList<HostTensor> tensors, StorageType type, CancellationToken cancel)
    {
        int columns = (int)tensors[0].Shape[1], rows = tensors.Sum(tensor => (int)tensor.Shape[0]);
        var converted = new ConvertedRows(rows, type.Bytes((long)rows * columns));
        try
        {
            byte* target = (byte*)converted.memory;
            foreach (HostTensor tensor in tensors)
            {
                if (!Pack.Rows(new HostRows(tensor.Address, (int)tensor.Shape[0]), tensor.Type, type, columns, (nint)target, cancel))
                    throw new BadInputException($"{tensor}: numbers that are not finite or too large for {type}; load the weights as stored");
                target += type.Bytes(tensor.Elements);
            }
            return converted;
        }
        catch
        {
            converted.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
    }
}
