using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using ILGPU;
using ILGPU.Algorithms;

namespace EdgeVideoLlava.Kernels.Optimizer;

internal static partial class AdamW
{
    // ---- kernel ----------------------------------------------------------------------------------------------------------------
    /// <summary>One item is one number.</summary>
    [Kernel]
    internal static void Kernel(Index1D item, MatrixView<Float32> value, MatrixView<Float32> gradient, MatrixView<Float32> first,
        MatrixView<Float32> second, DeviceStep step)
    {
        if (item >= value.Rows * value.Columns) return;
        int row = item / value.Columns, column = item % value.Columns;
        float d = gradient[row, column] * step.GradientFactor;
        float m = step.KeepFirst * first[row, column] + step.AddFirst * d;
        float v = step.KeepSecond * second[row, column] + step.AddSecond * d * d;
        first[row, column] = m;
        second[row, column] = v;
        value[row, column] = value[row, column] * step.Keep - step.Size * (m / (XMath.Sqrt(v) / step.Root + step.Epsilon));
    }

    /// <summary>A step in float32.</summary>
    internal readonly struct DeviceStep(in AdamWStep step)
    {
        public readonly float GradientFactor = step.GradientFactor, Epsilon = (float)step.Epsilon;
        public readonly float KeepFirst = (float)step.Beta1, AddFirst = (float)(1 - step.Beta1);
        public readonly float KeepSecond = (float)step.Beta2, AddSecond = (float)(1 - step.Beta2);
        public readonly float Keep = (float)(1 - step.Rate * step.WeightDecay);
        public readonly float Size = (float)(step.Rate / (1 - Math.Pow(step.Beta1, step.Step)));
        public readonly float Root = (float)Math.Sqrt(1 - Math.Pow(step.Beta2, step.Step));
    }

    // ---- launcher --------------------------------------------------------------------------------------------------------------
    private static void Gpu(IlgpuQueue queue, Matrix value, Matrix gradient, Matrix first, Matrix second, in AdamWStep step)
        => queue.Launch(Kernel, (long)value.Rows * value.Columns, value.Gpu(), gradient.Gpu(), first.Gpu(), second.Gpu(),
            new DeviceStep(step));
}
