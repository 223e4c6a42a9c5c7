namespace EdgeVideoLlava.Kernels;

public static unsafe partial class EmbeddingGather
{
    private static void Cpu(CpuQueue queue, Weight table, IntVector ids, Matrix y)
        => queue.Workers.For(new Rows((byte*)table.Cpu(), table.Type, ids.Cpu(), y.Cpu(), y.Stride, y.Columns), ids.Length, 16);

    private readonly struct Rows(byte* table, StorageType type, int* ids, float* y, int strideY, int columns) : ICpuJob
    {
        public void Execute(int begin, int end)
        {
            for (int row = begin; row < end; row++)
                Unpack.ToFloats(type, table + type.Bytes((long)ids[row] * columns), y + (long)row * strideY, columns);
        }
    }
}
