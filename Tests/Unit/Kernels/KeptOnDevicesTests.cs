using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Norm;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels;

/// <summary>What a backward needs is kept on the processor; a device says that it does not, rather than leave memory unwritten.</summary>
public sealed class KeptOnDevicesTests
{
    [Theory, InlineData(TestDevice.IlgpuCpu), InlineData(TestDevice.OpenCl), InlineData(TestDevice.OpenClPortable)]
    public void A_device_refuses_to_keep_what_it_would_not_write(TestDevice device)
    {
        using var rig = new KernelRig(TestDevices.Get(device));
        Matrix x = rig.Result(2, 8), y = rig.Result(2, 8), vector = rig.Vector(new float[8]);
        Matrix kept = rig.Result(2, 1), pair = rig.Result(2, 2);
        Weight weight = rig.Weight(StorageType.F32, new float[64], 8, 8);
        Refused(() => RmsNorm.Run(rig.Queue, x, vector, 1e-5f, y, kept));
        Refused(() => LayerNorm.Run(rig.Queue, x, vector, vector, 1e-5f, y, pair));
        Refused(() => CausalAttention.Run(rig.Queue, x, x, x, rig.Ints(0, 1), 8, y, kept));
        Refused(() => FullAttention.Run(rig.Queue, rig.Result(2, 24), SequenceLayout.Spatial(1, 2), 1, y, kept));
        Refused(() => Linear.Run(rig.Queue, weight, x, y, new Epilogue(Activation: Activation.Gelu, PreActivation: rig.Result(2, 8))));
    }

    private static void Refused(Action run) => Assert.Contains("on the processor only", Assert.Throws<NotSupportedException>(run).Message);
}
