namespace EdgeVideoLlava.Kernels;

public static unsafe partial class RotaryEmbedding
{
    private static void Cpu(CpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, Matrix keys, Matrix values)
        => queue.Workers.For(new Rows(new Lines(qkv), new Lines(cos), new Lines(sin), positions.Cpu(), new Lines(queries), new Lines(keys), new Lines(values)), qkv.Rows, 4);

    // A matrix without its buffer: a job holds no references.
    private readonly struct Lines(Matrix matrix)
    {
        private readonly float* address = matrix.Cpu();
        private readonly int stride = matrix.Stride;

        public readonly int Columns = matrix.Columns;

        public float* this[int row] => address + (long)row * stride;
    }

    private readonly struct Rows(Lines qkv, Lines cos, Lines sin, int* positions, Lines queries, Lines keys, Lines values) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                int position = positions[row];
                float* q = qkv[row], k = q + queries.Columns, v = k + keys.Columns;
                Rotate<V>(q, position, queries[row], queries.Columns);
                Rotate<V>(k, position, keys[position], keys.Columns);
                Buffer.MemoryCopy(v, values[position], 4L * values.Columns, 4L * values.Columns);
            }
        }

        private void Rotate<V>(float* source, int position, float* target, int columns) where V : unmanaged, ILanes<V>
        {
            float* c = cos[position], s = sin[position];
            int half = cos.Columns;
            for (int head = 0; head < columns; head += 2 * half)
            {
                int done = Pairs<V>(source + head, c, s, target + head, half, 0);
                Pairs<Lanes1>(source + head, c, s, target + head, half, done);
            }
        }

        private static int Pairs<V>(float* source, float* c, float* s, float* target, int half, int i) where V : unmanaged, ILanes<V>
        {
            for (; i + V.Count <= half; i += V.Count)
            {
                V low = V.Load(source + i), high = V.Load(source + half + i), cosine = V.Load(c + i), sine = V.Load(s + i);
                (low * cosine - high * sine).Store(target + i);
                (high * cosine + low * sine).Store(target + half + i);
            }
            return i;
        }
    }
}
