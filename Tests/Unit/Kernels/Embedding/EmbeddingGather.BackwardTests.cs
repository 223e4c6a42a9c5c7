using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Embedding;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Embedding;

public sealed class EmbeddingGatherBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string, int>> Goldens
        => from device in KernelDevices.Cpu
           from golden in new[] { ("embedding", -1), ("embedding_padding_idx", 0) }
           select new TheoryDataRow<string, string, int>(device, golden.Item1, golden.Item2);

    [Theory, MemberData(nameof(Goldens))]
    public void The_gradient_equals_the_reference(string device, string name, int padding)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        int[] ids = [.. golden["ids"].ToLongs().Select(id => (int)id)];
        int rows = (int)golden["w"].Shape[0], columns = (int)golden["w"].Shape[1];
        Matrix table = rig.Dense(new float[rows * columns], rows, columns);
        EmbeddingGather.Backward(rig.Queue, rig.View(golden["dy"].ToFloats(), ids.Length, columns), rig.Ints(ids), table, padding);
        Gradients.Close(output, "d_w", rig.Read(table), golden["d_w"].ToFloats(), 1e-5);
        if (padding == 0) Assert.Contains(0, ids);
    }
}
