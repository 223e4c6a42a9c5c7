using EdgeVideoLlava.Kernels.Checks;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Discovery;
using EdgeVideoLlava.Kernels.Ilgpu;
using EdgeVideoLlava.Kernels.Ilgpu.Compile;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Checks;

/// <summary>The checks of a first GPU that hold two ways of one device against each other, where they can be tried without one.</summary>
[Collection(nameof(Lanes))]
public sealed class DeviceChecksTests
{
    [Theory, InlineData(TestDevice.IlgpuCpuTensorCore), InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortable),
        InlineData(TestDevice.CudaHalf)]
    public void A_queue_waits_for_another(TestDevice device)
        => Lanes.Within(() => Assert.Null(Check(device, "a queue that waits for another").Run()));

    [Theory]
    [InlineData(TestDevice.IlgpuCpuTensorCore, StorageType.Q4_0)]
    [InlineData(TestDevice.CudaHalf, StorageType.F16)]
    [InlineData(TestDevice.CudaHalf, StorageType.Q4_0)]
    public void Tiles_of_three_and_of_four_steps_give_the_same_bits(TestDevice device, StorageType type)
        => Lanes.Within(() => Assert.Null(Check(device, $"{type} product, tiles of three and of four steps").Run()));

    [Fact]
    public void Devices_without_tensor_cores_have_no_check_of_tiles()
        => Assert.DoesNotContain(DeviceChecks.Of((IlgpuDevice)TestDevices.Get(TestDevice.OpenCl)), check
        => check.Name.Contains("tiles", StringComparison.Ordinal));

    /// <summary>Asked for, the deep tile is what products run.</summary>
    [Fact]
    public void Deep_tiles_are_taken_where_they_are_asked_for_and_can_be_had() => Lanes.Within(() =>
    {
        using var deep = (IlgpuDevice)ComputeDevices.Open("ilgpu-cpu",
            new DeviceOptions(Compute: StorageType.F16, Tier: KernelTier.TensorCore, DeepTiles: true));
        using var portable = (IlgpuDevice)ComputeDevices.Open("ilgpu-cpu",
            new DeviceOptions(Compute: StorageType.F16, Tier: KernelTier.Portable, DeepTiles: true));
        Assert.Equal((true, false), (deep.DeepTiles, portable.DeepTiles));
        Assert.Contains("tensor-core (deep tiles) kernels", deep.Description);
        var shallow = (IlgpuDevice)TestDevices.Get(TestDevice.IlgpuCpuTensorCore);
        Assert.False(shallow.DeepTiles);
        Assert.Equal(Bytes(deep), default(DeepTile128).DynamicBytes);
        Assert.Equal(IlgpuDevice.DeepTileBytes, default(DeepTile128).DynamicBytes);
        Assert.Equal(0, Bytes(shallow));
        Assert.Equal(DeviceSelfTest.Compute(shallow, Product), DeviceSelfTest.Compute(deep, Product));
    });

    /// <summary>Dynamic shared memory of the large tile that a product of the device launches.</summary>
    private static int Bytes(IlgpuDevice device)
    {
        using var o = new SelfTestOperands(device);
        Weight weight = o.Weight(StorageType.F16, 130, 160);
        Matrix x = o.Activations(70, 160), y = o.Matrix(70, 130);
        return ((IlgpuQueue)o.Queue).KernelsOf(() => Linear.Run(o.Queue, weight, x, y))
            .Max(kernel => KernelAttribute.Of(kernel.Method).DynamicBytes);
    }

    private static Matrix Product(SelfTestOperands o)
        => DeviceSelfTest.Result(o, 70, 130, y => Linear.Run(o.Queue, o.Weight(StorageType.F16, 130, 160), o.Activations(70, 160), y));

    private static DeviceCheck Check(TestDevice device, string name)
        => DeviceChecks.Of((IlgpuDevice)TestDevices.Get(device)).Single(check => check.Name == name);
}
