using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class FullAttentionBackwardTests(ITestOutputHelper output)
{
    public static TheoryData<string> Devices => [.. KernelDevices.Cpu];

    /// <summary>Five positions of one clip of eight frames: the reference's five sequences, whose rows take turns in ours.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Temporal_gradients_equal_the_reference(string device)
    {
        using SafeTensors golden = Gradients.Operator("attention_full_temporal");
        float[] Of(string tensor) => Gradients.Rows(golden[tensor].ToFloats(), 5, 8, 64);
        (float[] _, float[] gradient) = Run(KernelDevices.Get(device), Join(Of("q"), Of("k"), Of("v"), 64), Of("dy"),
            SequenceLayout.Temporal(1, 8, 5), 1, 64);
        Gradients.Close(output, "dq, dk, dv", gradient, Join(Of("d_q"), Of("d_k"), Of("d_v"), 64), 1e-5);
    }

    /// <summary>Sequences longer than a block of keys and of queries.</summary>
    [Theory, MemberData(nameof(Devices))]
    public void Spatial_gradients_are_those_of_the_forward(string device)
    {
        using var numbers = new KernelRig(KernelDevices.Get(device));
        float[] qkv = numbers.Numbers(2 * 101 * 3 * 48), dy = numbers.Numbers(2 * 101 * 48);
        (float[] Y, float[] Gradient) Of(float[] moved)
            => Run(KernelDevices.Get(device), moved, dy, SequenceLayout.Spatial(2, 101), 2, 48);
        Gradients.AlongDirections(output, "dqkv", qkv, Of(qkv).Gradient, moved => Gradients.Dot(Of(moved).Y, dy), 0.1);
    }

    private static float[] Join(float[] q, float[] k, float[] v, int columns)
        => [.. q.Chunk(columns).Zip(k.Chunk(columns), v.Chunk(columns)).SelectMany(row => row.First.Concat(row.Second).Concat(row.Third))];

    private static (float[] Y, float[] Gradient) Run(
        ComputeDevice device, float[] qkv, float[] dy, SequenceLayout layout, int heads, int columns)
    {
        using var rig = new KernelRig(device);
        int rows = dy.Length / columns;
        Matrix source = rig.View(qkv, rows, 3 * columns), y = rig.Result(rows, columns), logSums = rig.Result(rows, heads);
        Matrix gradient = rig.Result(rows, 3 * columns);
        FullAttention.Run(rig.Queue, source, layout, heads, y, logSums);
        FullAttention.Backward(rig.Queue, source, layout, heads, y, logSums, rig.View(dy, rows, columns), gradient);
        return (rig.Read(y), rig.Read(gradient));
    }
}
