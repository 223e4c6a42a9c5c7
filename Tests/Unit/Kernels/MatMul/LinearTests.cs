using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.MatMul;

public sealed class LinearTests(ITestOutputHelper output)
{
    /// <summary>The definition: z[t,r] = b[r] + Σ_c x[t,c] · W[r,c];  y = residual + f(z);  SiLU·up: y[t,f] =
    /// silu(z[t,f]) · z[t,F+f].</summary>
    internal static Expected[] Oracle(float[] w, float[] x, int rows, int columns, int outputs, float[]? b, Activation activation,
        float[]? residual)
    {
        (double Value, double Terms) Sum(int t, int r)
        {
            double value = b == null ? 0 : b[r], terms = Math.Abs(value);
            for (int c = 0; c < columns; c++)
            {
                double term = (double)x[t * columns + c] * w[r * columns + c];
                value += term;
                terms += Math.Abs(term);
            }
            return (value, terms);
        }
        int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
        var y = new Expected[rows * kept];
        for (int t = 0; t < rows; t++)
        {
            for (int r = 0; r < kept; r++)
            {
                (double z, double terms) = Sum(t, r);
                (double f, double slope) = Activate(activation, z);
                // An error of z passes with the slope of f; f itself is rounded a few times at its own size.
                double magnitude = activation == Activation.None ? terms : slope * terms + Math.Abs(z);
                if (activation == Activation.SiluUp)
                {
                    (double up, double upTerms) = Sum(t, kept + r);
                    (f, magnitude) = (f * up, Math.Abs(up) * (slope * terms + Math.Abs(f)) + Math.Abs(f) * upTerms);
                }
                double add = residual == null ? 0 : residual[t * kept + r];
                y[t * kept + r] = new Expected(add + f, magnitude + Math.Abs(add));
            }
        }
        return y;
    }

    private static (double Value, double Slope) Activate(Activation activation, double z)
    {
        double sigma = 1 / (1 + Math.Exp(-(activation == Activation.QuickGelu ? 1.702 * z : z)));
        return activation switch
        {
            Activation.Gelu => (z / 2 * (1 + ErrorFunction.Erf(z / Math.Sqrt(2))), 1.2),
            Activation.QuickGelu => (z * sigma, 1.2),
            Activation.SiluUp => (z * sigma, 1.2),
            _ => (z, 1),
        };
    }

    [Theory]
    [DeviceRows(nameof(LinearRows.Sizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.LargeSizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.SquareSizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.GroupSizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.ToyGroupSizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.BlockSizes), MemberType = typeof(LinearRows))]
    [DeviceRows(nameof(LinearRows.LargeBlockSizes), MemberType = typeof(LinearRows))]
    public void Product_equals_the_definition(string device, StorageType type, int rows, int columns, int outputs)
        => Check(KernelDevices.Get(device), type, rows, columns, outputs, Activation.None, bias: false, residual: false);

    [Theory, DeviceRows(nameof(LinearRows.Epilogues), MemberType = typeof(LinearRows))]
    public void Epilogue_equals_the_definition(string device, Activation activation, bool bias, bool residual, int rows)
    {
        Check(KernelDevices.Get(device), StorageType.F32, rows, 29, 46, activation, bias, residual);
        if (device == nameof(TestDevice.OpenCl))
            Check(KernelDevices.Get(device), StorageType.F16, rows, 70, 46, activation, bias, residual);
        if (device == nameof(TestDevice.OpenCl))
            Check(KernelDevices.Get(device), StorageType.Q4_K, rows * 5, 256, 38, activation, bias, residual);
        if (device == nameof(TestDevice.OpenClPortable))
        {
            Check(KernelDevices.Get(device), StorageType.F16, rows, 4100, 6, activation, bias, residual); // shared by groups
            Check(KernelDevices.Get(device), StorageType.Q4_0, rows, 256, 46, activation, bias, residual);
            Check(KernelDevices.Get(device), StorageType.Q4_K, rows + 60, 256, 138, activation, bias, residual);
        }
        if (device.StartsWith("Cpu.")) Check(KernelDevices.Get(device), StorageType.F16, rows, 700, 166, activation, bias, residual);
        if (device.StartsWith("Cpu.")) Check(KernelDevices.Get(device), StorageType.Q4_K, rows * 5, 768, 38, activation, bias, residual);
    }

    /// <summary>No order of groups shows in a result: the same product has the same bits.</summary>
    [Theory]
    [InlineData(TestDevice.OpenClPortable, 1, 8192, 6, 2), InlineData(TestDevice.OpenClPortable, 3, 8192, 6, 2),
        InlineData(TestDevice.OpenClPortable, 1, 4096, 1024, 1)]
    [InlineData(TestDevice.OpenClPortable, 70, 512, 130, 1)]
    public void The_same_product_twice_has_the_same_bits(TestDevice device, int rows, int columns, int outputs, int leastShares)
    {
        var accelerator = (IlgpuDevice)TestDevices.Get(device);
        int groups = (outputs + LinearGroupRow.Outputs(gated: true) - 1) / LinearGroupRow.Outputs(gated: true);
        // The sanitizer's device has one multiprocessor, for which nothing is shared.
        Assert.True(Sanitizer.IsOn || LinearGroupRow.Shares(groups, 2 * accelerator.Accelerator.NumMultiprocessors,
            columns) >= leastShares);
        float[] first = Run(accelerator, StorageType.Q8_0, rows, columns, 2 * outputs, Activation.SiluUp, true, true).Got;
        for (int i = 0; i < 3; i++)
            Assert.Equal(first, Run(accelerator, StorageType.Q8_0, rows, columns, 2 * outputs, Activation.SiluUp, true, true).Got);
    }

    [Theory]
    [InlineData(1024, 264, 4096, 1), InlineData(256, 264, 4096, 2), InlineData(32, 264, 4096, 4), InlineData(32, 264, 11008, 9),
        InlineData(1, 4, 1023, 1), InlineData(1, 4, 2048, 2)]
    public void Columns_are_shared_where_groups_are_few(int groups, int wanted, int columns, int shares)
        => Assert.Equal(shares, LinearGroupRow.Shares(groups, wanted, columns));

    [Theory, DeviceRows(nameof(LinearRows.Places), MemberType = typeof(LinearRows))]
    public void The_largest_half_the_smallest_half_and_zeros_are_exact(string device, int rows, int place)
        => CheckHalves(device, rows, place, [65504, -65504, MathF.Pow(2, -24), -MathF.Pow(2, -24), MathF.Pow(2, -14), 0, 1]);

    [Theory, DeviceRows(nameof(LinearRows.Places), MemberType = typeof(LinearRows))]
    public void An_infinite_or_undefined_half_shows(string device, int rows, int place)
        => CheckHalves(device, rows, place, [float.PositiveInfinity, float.NegativeInfinity, float.NaN]);

    /// <summary>Weight rows of zeros with one special number, times ones: the number itself comes out.</summary>
    private static void CheckHalves(string device, int rows, int place, float[] special)
    {
        const int columns = 37;
        using var rig = new KernelRig(KernelDevices.Get(device));
        var w = new float[special.Length * columns];
        for (int r = 0; r < special.Length; r++) w[r * columns + place] = special[r];
        Matrix y = rig.Result(rows, special.Length);
        Linear.Run(rig.Queue, rig.Weight(StorageType.F16, w, special.Length, columns),
            rig.View([.. Enumerable.Repeat(1f, rows * columns)], rows, columns), y);
        Assert.Equal(Enumerable.Repeat(special, rows).SelectMany(row => row), rig.Read(y));
    }

    [Fact]
    public void An_empty_batch_is_nothing()
    {
        foreach (string device in KernelDevices.Cpu)
            Check(KernelDevices.Get(device), StorageType.F32, 0, 5, 3, Activation.None, bias: false, residual: false);
    }

    [Theory, InlineData(2), InlineData(150)]
    public void Threads_do_not_matter(int rows)
    {
        KernelDevices.AssertThreadsDoNotMatter(device => Run(device, StorageType.F16, rows, 700, 166, Activation.SiluUp, true, true).Got);
        KernelDevices.AssertThreadsDoNotMatter(device => Run(device, StorageType.Q4_K, rows, 768, 166, Activation.SiluUp, true, true).Got);
    }

    [Theory, InlineData(1), InlineData(150)]
    public void A_product_with_blocks_allocates_nothing(int rows)
    {
        using var device = new CpuDevice(1); // so that all of it happens on this thread
        using var rig = new KernelRig(device);
        Weight weight = rig.Weight(StorageType.Q4_0, new float[64 * 320], 64, 320);
        Matrix x = rig.View(rig.Numbers(rows * 320), rows, 320), y = rig.Result(rows, 64);
        for (int i = 0; i < 3; i++) Linear.Run(rig.Queue, weight, x, y);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 5; i++) Linear.Run(rig.Queue, weight, x, y);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Wrong_shapes_are_refused()
    {
        using var rig = new KernelRig(KernelDevices.Get("Cpu.Scalar"));
        Weight weight = rig.Weight(StorageType.F32, new float[15], 5, 3);
        Assert.Throws<ArgumentException>(() => Linear.Run(rig.Queue, weight, rig.Result(2, 4), rig.Result(2, 5)));
        foreach (TestDevice device in new[] { TestDevice.Cpu, TestDevice.OpenCl })
            Assert.Throws<ArgumentException>(() => TestDevices.Get(device).LoadWeight("broken", StorageType.Q4_0, 48, new HostRows(0, 2)));
        Assert.Throws<ArgumentException>(() => Linear.Run(rig.Queue, weight, rig.Result(2, 3), rig.Result(2, 4)));
        Assert.Throws<ArgumentException>(() => Linear.Run(rig.Queue, weight, rig.Result(2, 3), rig.Result(2, 5),
            new Epilogue(Activation: Activation.SiluUp)));
        Assert.Throws<ArgumentException>(() => Linear.Run(rig.Queue, weight, rig.Result(2, 3), rig.Result(2, 5),
            new Epilogue(rig.Vector(new float[4]))));
    }

    private void Check(ComputeDevice device, StorageType type, int rows, int columns, int outputs, Activation activation, bool bias,
        bool residual)
    {
        (float[] got, Expected[] expected) = Run(device, type, rows, columns, outputs, activation, bias, residual);
        Expected.Check(output, $"{type} ({rows}, {columns}) x ({outputs}, {columns})", got, expected);
    }

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, StorageType type, int rows, int columns, int outputs,
        Activation activation, bool bias, bool residual)
    {
        using var rig = new KernelRig(device, rows + 7 * columns + 31 * outputs);
        int kept = activation == Activation.SiluUp ? outputs / 2 : outputs;
        float[] w = rig.Numbers(outputs * columns), x = rig.Numbers(rows * columns);
        float[]? b = bias ? rig.Numbers(outputs) : null, r = residual ? rig.Numbers(rows * kept) : null;
        Matrix y = rig.Result(rows, kept);
        Weight weight = rig.Weight(type, w, outputs, columns);
        Linear.Run(rig.Queue, weight, rig.View(x, rows, columns), y,
            new Epilogue(b == null ? null : rig.Vector(b), activation, r == null ? null : rig.View(r, rows, kept)));
        return (rig.Read(y), Oracle(w, x, rows, columns, outputs, b, activation, r));
    }
}
