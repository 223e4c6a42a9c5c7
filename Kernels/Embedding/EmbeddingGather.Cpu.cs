using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Embedding;

internal static unsafe partial class EmbeddingGather
{
    private static void Cpu(CpuQueue queue, Weight table, IntVector ids, Matrix y)
    {
        switch (table.Type)
        {
            case StorageType.F32: Cpu<StoredF32>(queue, table, ids, y); break;
            case StorageType.F16: Cpu<StoredF16>(queue, table, ids, y); break;
            case StorageType.BF16: Cpu<StoredBF16>(queue, table, ids, y); break;
            default:
                BlockFormat format = BlockFormat.Of(table.Type) ?? throw new ArgumentException(
                    $"{table.Name} is stored as {table.Type}, which no embedding reads");
                var rows = new BlockRows((byte*)table.Cpu(), table.Type.Bytes(y.Columns), y.Columns / format.Columns, format.Dequantize,
                    ids.Cpu(), new CpuRows(y));
                queue.Workers.For(rows, ids.Length, 16);
                break;
        }
    }

    private static void Cpu<TStored>(CpuQueue queue, Weight table, IntVector ids, Matrix y) where TStored : unmanaged, IStored
        => queue.Workers.For(new Rows<TStored>((byte*)table.Cpu(), ids.Cpu(), new CpuRows(y)), ids.Length, 16);

    private readonly struct Rows<TStored>(byte* table, int* ids, CpuRows y) : ICpuJob
        where TStored : unmanaged, IStored
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                byte* source = table + (long)ids[row] * y.Columns * TStored.Bytes;
                float* target = y[row];
                int done = Convert<V>(source, target, 0);
                Convert<Lanes1>(source, target, done);
            }
        }

        private int Convert<V>(byte* source, float* target, int c) where V : unmanaged, ILanes<V>
        {
            for (; c + V.Count <= y.Columns; c += V.Count) TStored.Load<V>(source + (long)c * TStored.Bytes).Store(target + c);
            return c;
        }
    }

    private readonly struct BlockRows(byte* table, long stride, int blocks, delegate*<byte*, float*, long, void> dequantize, int* ids,
        CpuRows y) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++) dequantize(table + ids[row] * stride, y[row], blocks);
        }
    }
}
