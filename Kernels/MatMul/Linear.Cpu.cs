namespace EdgeVideoLlava.Kernels;

public static unsafe partial class Linear
{
    private static void Cpu(CpuQueue queue, Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        => queue.Workers.For(new Outputs(weight, x, y, epilogue), y.Columns, 4);

    private readonly struct Outputs : ICpuJob
    {
        private readonly byte* weight;
        private readonly StorageType type;
        private readonly float* x, y, bias, residual;
        private readonly int strideX, strideY, strideR, rows, columns, outputs;
        private readonly Activation activation;

        public Outputs(Weight weight, Matrix x, Matrix y, Epilogue epilogue)
        {
            this.weight = (byte*)weight.Cpu();
            type = weight.Type;
            this.x = x.Cpu();
            this.y = y.Cpu();
            (strideX, rows, columns) = (x.Stride, x.Rows, x.Columns);
            (strideY, outputs) = (y.Stride, y.Columns);
            bias = epilogue.Bias is { } b ? b.Cpu() : null;
            residual = epilogue.Residual is { } r ? r.Cpu() : null;
            strideR = epilogue.Residual?.Stride ?? 0;
            activation = epilogue.Activation;
        }

        public void Execute(int begin, int end)
        {
            float* row = stackalloc float[columns], second = stackalloc float[columns];
            for (int r = begin; r < end; r++)
            {
                Unpack.ToFloats(type, weight + type.Bytes((long)r * columns), row, columns);
                bool gated = activation == Activation.SiluUp;
                if (gated) Unpack.ToFloats(type, weight + type.Bytes((long)(outputs + r) * columns), second, columns);
                for (int t = 0; t < rows; t++)
                {
                    float z = Dot(x + (long)t * strideX, row) + (bias == null ? 0 : bias[r]);
                    float f = activation switch
                    {
                        Activation.Gelu => ScalarMath.Gelu(z),
                        Activation.QuickGelu => ScalarMath.QuickGelu(z),
                        Activation.SiluUp => ScalarMath.Silu(z) * (Dot(x + (long)t * strideX, second) + (bias == null ? 0 : bias[outputs + r])),
                        _ => z,
                    };
                    y[(long)t * strideY + r] = residual == null ? f : residual[(long)t * strideR + r] + f;
                }
            }
        }

        private float Dot(float* a, float* b)
        {
            var sum = System.Numerics.Vector<float>.Zero;
            int c = 0, width = System.Numerics.Vector<float>.Count;
            for (; c + width <= columns; c += width)
                sum += System.Runtime.CompilerServices.Unsafe.ReadUnaligned<System.Numerics.Vector<float>>(a + c)
                    * System.Runtime.CompilerServices.Unsafe.ReadUnaligned<System.Numerics.Vector<float>>(b + c);
            float total = System.Numerics.Vector.Sum(sum);
            for (; c < columns; c++) total += a[c] * b[c];
            return total;
        }
    }
}
