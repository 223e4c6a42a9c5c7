using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A product on tensor cores with everything around it, run on ILGPU's CPU accelerator.</summary>
internal sealed unsafe record TensorLinear(StorageType Type, int Rows, int Columns, int Outputs, Activation Activation = Activation.None)
{
    private const float Outside = -123456f;

    private readonly TensorOperands operands = new(0);

    public required Random Random { get; init; }
    public bool Large { get; init; }

    /// <summary>Large, with one stage more.</summary>
    public bool Deep { get; init; }

    public bool Bias { get; init; }
    public bool Residual { get; init; }
    public bool ToHalves { get; init; }

    /// <summary>Of the numbers of x.</summary>
    public float Size { get; init; } = 1;

    public int Kept => Activation == Activation.SiluUp ? Outputs / 2 : Outputs;

    public float[] X { get; private set; } = [];
    public float[] W { get; private set; } = [];
    public float[]? B { get; private set; }
    public float[]? R { get; private set; }

    /// <summary>(Rows, Kept), after a look at what lies around it. X and W are then the numbers that binary16 has made of them.</summary>
    public float[] Run()
    {
        float[] got = [];
        Lanes.Within(() => got = Type switch
        {
            StorageType.F16 => Run<DeviceHalves<DeviceHalfRows>, CopiedFill>(),
            StorageType.F32 => Run<DeviceF32, DecodedFill<DeviceF32>>(),
            StorageType.BF16 => Run<DeviceHalves<DeviceBF16>, DecodedFill<DeviceHalves<DeviceBF16>>>(),
            StorageType.Q8_0 => Run<DeviceQ8_0, DecodedFill<DeviceQ8_0>>(),
            StorageType.Q4_0 => Run<DeviceQ4_0, DecodedFill<DeviceQ4_0>>(),
            StorageType.Q4_1 => Run<DeviceQ4_1, DecodedFill<DeviceQ4_1>>(),
            StorageType.Q5_0 => Run<DeviceQ5_0, DecodedFill<DeviceQ5_0>>(),
            StorageType.Q5_1 => Run<DeviceQ5_1, DecodedFill<DeviceQ5_1>>(),
            StorageType.Q6_K => Run<DeviceQ6_K, DecodedFill<DeviceQ6_K>>(),
            StorageType.Q4_K => Run<DeviceQ4_K, DecodedFill<DeviceQ4_K>>(),
            StorageType.Q5_K => Run<DeviceQ5_K, DecodedFill<DeviceQ5_K>>(),
            StorageType.IQ4_NL => Run<DeviceIQ4_NL, DecodedFill<DeviceIQ4_NL>>(),
            _ => throw new NotSupportedException($"{Type}"),
        });
        return got;
    }

    private float[] Run<TWeights, TFill>() where TWeights : unmanaged, IDevicePacking where TFill : unmanaged, ITileFill
        => Deep ? Run<TWeights, TFill, DeepTile128>() : Large ? Run<TWeights, TFill, Tile128>() : Run<TWeights, TFill, Tile64>();

    private float[] Run<TWeights, TFill, TShape>() where TWeights : unmanaged, IDevicePacking where TFill : unmanaged, ITileFill
        where TShape : unmanaged, ITileShape
    {
        try
        {
            WeightView weight = Weight<TWeights>();
            (EightsView<Float16> x, MatrixView<Float32> scales) = Halves();
            (B, R) = (Bias ? Numbers(Outputs) : null, Residual ? Numbers(Rows * Kept) : null);
            ResultView y = Result(out MemoryBuffer1D<float, Stride1D.Dense> memory);
            Action<KernelConfig, WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>, MatrixView<Float32>, int,
                ResultView> launch =
                Lanes.Accelerator.LoadStreamKernel<WeightView, EightsView<Float16>, MatrixView<Float32>, MatrixView<Float32>,
                MatrixView<Float32>, int, ResultView>(LinearTensorTile.Kernel<TFill, TShape>);
            int size = default(TShape).Size;
            int bytes = default(TShape).DynamicBytes;
            int outputs = Activation == Activation.SiluUp ? size / 2 : size;
            var grid = new Index3D(LinearTensorTile.Tiles(Rows, size), LinearTensorTile.Tiles(Kept, outputs), 1);
            launch(new KernelConfig(grid, new Index3D(2 * size, 1, 1), bytes == 0 ? default
                : SharedMemoryConfig.RequestDynamic<byte>(bytes)),
                weight, x, scales, Matrix(B, 1, Outputs), Matrix(R, Rows, Kept), (int)Activation, y);
            Lanes.Accelerator.Synchronize();
            return Read(memory.GetAsArray1D(), y);
        }
        finally
        {
            operands.Dispose();
        }
    }

    private WeightView Weight<TWeights>() where TWeights : unmanaged, IDevicePacking
    {
        W = Numbers(Outputs * Columns);
        byte[] stored = Type.IsBlock() ? BlockOracle.Random(Type, W.Length, Random) : Plain();
        int rowWords = TWeights.RowWords(Columns), scaleWords = TWeights.ScaleWords(Columns), row = stored.Length / Outputs;
        var words = new uint[(Outputs * (rowWords + scaleWords) + 3) / 4 * 4];
        fixed (byte* source = stored)
        fixed (float* numbers = W)
        fixed (uint* target = words)
        {
            Unpack.ToFloats(Type, source, numbers, W.Length);
            for (int r = 0; r < Outputs; r++)
                TWeights.PackRow(source + r * row, Columns, target + r * rowWords, target + Outputs * rowWords + r * scaleWords);
        }
        for (int i = 0; i < W.Length; i++) W[i] = (float)(System.Half)W[i];
        ArrayView<uint> view = operands.Buffer(words).View;
        return new WeightView(view, view.Cast<U4>(), Outputs, Columns, rowWords, scaleWords);
    }

    private byte[] Plain()
    {
        if (Type == StorageType.F32) return MemoryMarshal.AsBytes<float>(W).ToArray();
        if (Type == StorageType.F16) return MemoryMarshal.AsBytes<System.Half>(Array.ConvertAll(W, x => (System.Half)x)).ToArray();
        return MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(W, x => (ushort)(BitConverter.SingleToUInt32Bits(x) >> 16))).ToArray();
    }

    /// <summary>x by <see cref="ScaledHalves"/>; what it makes is checked by a test of its own.</summary>
    private (EightsView<Float16> X, MatrixView<Float32> Scales) Halves()
    {
        X = Numbers(Rows * Columns, Size);
        int columns = (Columns + 7) / 8 * 8, stride = columns / 8 + 1;
        ArrayView<U4> data = operands.Buffer(new U4[Rows * stride]).View;
        var x = new EightsView<Float16>(data, Rows, columns, stride);
        MatrixView<Float32> scales = Matrix(new float[Rows], Rows, 1);
        Action<KernelConfig, MatrixView<Float32>, EightsView<Float16>,
            MatrixView<Float32>> launch = Lanes.Accelerator.LoadStreamKernel<MatrixView<Float32>, EightsView<Float16>,
            MatrixView<Float32>>(ScaledHalves.Kernel);
        launch(new KernelConfig(ScaledHalves.Groups(Rows), new Index3D(ScaledHalves.Items, 1, 1)), Matrix(X, Rows, Columns), x, scales);
        Lanes.Accelerator.Synchronize();
        for (int t = 0; t < Rows; t++)
        {
            Span<float> row = X.AsSpan(t * Columns, Columns);
            float scale = Scale(row);
            foreach (ref float number in row) number = (float)(System.Half)(number / scale) * scale;
        }
        return (x, scales);
    }

    /// <summary>The definition: 1, or the power of two that brings the row's maximum below 2^14.</summary>
    public static float Scale(ReadOnlySpan<float> row)
    {
        float scale = 1;
        foreach (float number in row)
        {
            while (Math.Abs(number) / scale >= 16384) scale *= 2;
        }
        return scale;
    }

    private ResultView Result(out MemoryBuffer1D<float, Stride1D.Dense> memory)
    {
        var all = new float[(Rows + 1) * (Kept + 3)];
        Array.Fill(all, Outside);
        memory = operands.Buffer(all);
        ArrayView<Float32> floats = memory.View.BaseView.Cast<Float32>();
        return new ResultView(floats, floats.Cast<Float16>(), ToHalves ? 1 : 0, Rows, Kept, Kept + 3);
    }

    private float[] Read(float[] memory, ResultView y)
    {
        float[] all = ToHalves ? [.. MemoryMarshal.Cast<float, System.Half>(memory).ToArray().Select(x => (float)x)] : memory;
        float[] around = [Outside];
        float[] outside = ToHalves ? [.. MemoryMarshal.Cast<float, System.Half>(around).ToArray().Select(x => (float)x)] : around;
        var got = new float[Rows * Kept];
        for (int i = 0; i < all.Length; i++)
        {
            int row = i / y.Stride, column = i % y.Stride;
            if (row < Rows && column < Kept) got[row * Kept + column] = all[i];
            else Assert.Equal(outside[i % outside.Length], all[i]);
        }
        return got;
    }

    private MatrixView<Float32> Matrix(float[]? values, int rows, int columns)
        => new(operands.Buffer(values ?? new float[1]).View.BaseView.Cast<Float32>(), values == null ? 0 : rows, columns, columns);

    private float[] Numbers(int count, float size = 1)
        => [.. Enumerable.Range(0, count).Select(_ => size * (float)(Random.NextDouble() * 2 - 1))];
}
