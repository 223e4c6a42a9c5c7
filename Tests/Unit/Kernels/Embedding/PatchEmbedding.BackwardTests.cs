using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Embedding;

public sealed class PatchEmbeddingBackwardTests(ITestOutputHelper output)
{
    public static TheoryData<string> Devices => [.. KernelDevices.Cpu];

    /// <summary>The reference's convolution alone; our rows have the class embedding's in front.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void The_gradient_equals_the_reference(string device)
    {
        using SafeTensors golden = Gradients.Operator("patch_conv_28x28");
        using var rig = new KernelRig(KernelDevices.Get(device));
        float[] dy = golden["dy"].ToFloats();
        float[] first = rig.Numbers(24), second = rig.Numbers(24);
        float[] rows = [.. first, .. dy[..96], .. second, .. dy[96..]];
        Matrix weight = rig.Dense(new float[24 * 588], 24, 588), position = rig.Dense(new float[5 * 24], 5, 24);
        Matrix start = rig.Vector(new float[24]);
        PatchEmbedding.Backward(rig.Queue, rig.View(golden["pixels"].ToFloats(), 2 * 3 * 28, 28), 14, rig.View(rows, 10, 24), weight, start,
            position);
        Gradients.Close(output, "d_w", rig.Read(weight), golden["d_w"].ToFloats(), 1e-5);
        float[] Sum(int at) => [.. Enumerable.Range(at * 24, 24).Select(i => rows[i] + rows[120 + i])];
        Assert.Equal(Sum(0), rig.Read(start));
        Assert.Equal([.. Enumerable.Range(0, 5).SelectMany(Sum)], rig.Read(position));
    }
}
