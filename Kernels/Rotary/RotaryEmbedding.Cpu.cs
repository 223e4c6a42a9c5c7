using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Rotary;

internal static unsafe partial class RotaryEmbedding
{
    private static void Cpu(CpuQueue queue, Matrix qkv, Matrix cos, Matrix sin, IntVector positions, Matrix queries, HeadRows keys,
        HeadRows values)
    {
        var queryRows = new Rotation(new Lines(qkv), new Lines(cos), new Lines(sin), positions.Cpu(), new Lines(queries));
        if (keys.AreBytes) queue.Workers.For(new ByteRows(queryRows, new Levels(keys), new Levels(values)), qkv.Rows, 4);
        else queue.Workers.For(new Rows(queryRows, new Lines(keys.Numbers), new Lines(values.Numbers)), qkv.Rows, 4);
    }

    // A matrix without its buffer: a job holds no references.
    private readonly struct Lines(Matrix matrix)
    {
        private readonly float* address = matrix.Cpu();
        private readonly int stride = matrix.Stride;

        public readonly int Columns = matrix.Columns;

        public float* this[int row] => address + (long)row * stride;
    }

    private readonly struct Levels(HeadRows rows)
    {
        private readonly sbyte* levels = rows.Numbers.CpuLevels(0);
        private readonly float* scales = rows.Scales!.Value.Cpu();
        private readonly int stride = rows.Numbers.Stride, scaleStride = rows.Scales!.Value.Stride;

        public readonly int Columns = rows.Columns;

        public void Set(int row, int head, float* source, int headSize)
            => scales[(long)row * scaleStride + head] = SignedBytes.Quantize(source, headSize,
                levels + (long)row * stride + head * headSize);
    }

    /// <summary>Keys and values as they are.</summary>
    private readonly struct Rows(Rotation rotation, Lines keys, Lines values) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            for (int row = begin; row < end; row++)
            {
                float* k = rotation.Queries<V>(row, out int position), v = k + keys.Columns;
                rotation.Rotate<V>(k, position, keys[position], keys.Columns);
                Buffer.MemoryCopy(v, values[position], 4L * values.Columns, 4L * values.Columns);
            }
        }
    }

    /// <summary>Keys and values as bytes.</summary>
    private readonly struct ByteRows(Rotation rotation, Levels keys, Levels values) : ICpuJob
    {
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            int headSize = rotation.HeadSize;
            float* turned = stackalloc float[headSize];
            for (int row = begin; row < end; row++)
            {
                float* k = rotation.Queries<V>(row, out int position), v = k + keys.Columns;
                for (int head = 0; head < keys.Columns / headSize; head++)
                {
                    rotation.Rotate<V>(k + head * headSize, position, turned, headSize);
                    keys.Set(position, head, turned, headSize);
                    values.Set(position, head, v + head * headSize, headSize);
                }
            }
        }
    }

    private readonly struct Rotation(Lines qkv, Lines cos, Lines sin, int* positions, Lines queries)
    {
        public int HeadSize => 2 * cos.Columns;

        /// <summary>Rotates a row's queries; returns where its keys begin.</summary>
        public float* Queries<V>(int row, out int position) where V : unmanaged, ILanes<V>
        {
            position = positions[row];
            Rotate<V>(qkv[row], position, queries[row], queries.Columns);
            return qkv[row] + queries.Columns;
        }

        public void Rotate<V>(float* source, int position, float* target, int columns) where V : unmanaged, ILanes<V>
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
