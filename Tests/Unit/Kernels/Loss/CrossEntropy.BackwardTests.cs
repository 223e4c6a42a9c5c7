using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Loss;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Loss;

public sealed class CrossEntropyBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string>> Goldens
        => from device in KernelDevices.Cpu
           from name in new[] { "cross_entropy", "cross_entropy_all_ignored_but_one" }
           select new TheoryDataRow<string, string>(device, name);

    /// <summary>The reference shifts: row t has the label of row t + 1, the last of a sequence none.</summary>
    [Theory, MemberData(nameof(Goldens))]
    public void Loss_and_gradient_equal_the_reference(string device, string name)
    {
        using SafeTensors golden = Gradients.Operator(name);
        using var rig = new KernelRig(KernelDevices.Get(device));
        int columns = (int)golden["logits"].Shape[2];
        int[] labels = [.. golden["labels"].ToLongs().Chunk(9)
            .SelectMany(row => row.Skip(1).Append(CrossEntropy.Ignored).Select(label => (int)label))];
        Matrix logits = rig.View(golden["logits"].ToFloats(), 18, columns), losses = rig.Result(18, 1);
        int supervised = labels.Count(label => label != CrossEntropy.Ignored);
        CrossEntropy.Backward(rig.Queue, logits, rig.Ints(labels), losses, 1f / supervised);
        Assert.Equal(golden["y"].ToFloats()[0], rig.Read(losses).Sum() / supervised, 2e-6f);
        Gradients.Close(output, "d_logits", rig.Read(logits), golden["d_logits"].ToFloats(), 1e-5);
    }
}
