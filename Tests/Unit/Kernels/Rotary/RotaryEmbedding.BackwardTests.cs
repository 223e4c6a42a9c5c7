using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Rotary;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Rotary;

public sealed class RotaryEmbeddingBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string>> Goldens
        => from device in KernelDevices.Cpu
           from name in new[] { "rope_64", "rope_64_positions", "rope_16" }
           select new TheoryDataRow<string, string>(device, name);

    [Theory, MemberData(nameof(Goldens))]
    public void Gradients_equal_the_reference(string device, string name)
    {
        using SafeTensors golden = Gradients.Operator(name);
        int[] shape = [.. golden["q"].Shape.Select(size => (int)size)];
        (int sequences, int heads, int rows, int size) = (shape[0], shape[1], shape[2], shape[3]);
        int[] positions = [.. golden["position_ids"].ToLongs().Select(position => (int)position)];
        (float[] cos, float[] sin) = RotaryEmbedding.Tables(positions.Max() + 1, size, 10000);
        float[] dy = golden["dy"].ToFloats(), dq = golden["d_q"].ToFloats(), dk = golden["d_k"].ToFloats();
        int count = heads * rows * size;
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            using var rig = new KernelRig(KernelDevices.Get(device));
            float[] Of(float[] all, int stacked)
                => Gradients.Rows(all.AsSpan((stacked * sequences + sequence) * count, count), heads, rows, size);
            float[] both = SideBySide(Of(dy, 0), Of(dy, 1), heads * size);
            Matrix gradient = rig.View(both, rows, 2 * heads * size);
            RotaryEmbedding.Backward(rig.Queue, gradient, rig.Dense(cos, positions.Max() + 1, size / 2),
                rig.Dense(sin, positions.Max() + 1, size / 2), rig.Ints(positions[(sequence * rows)..((sequence + 1) * rows)]));
            float[] expected = SideBySide(Of(dq, 0), Of(dk, 0), heads * size);
            Gradients.Close(output, "dq, dk", rig.Read(gradient), expected, 1e-4); // the goldens' README
        }
    }

    private static float[] SideBySide(float[] left, float[] right, int columns)
        => [.. left.Chunk(columns).Zip(right.Chunk(columns), (a, b) => a.Concat(b)).SelectMany(row => row)];
}
