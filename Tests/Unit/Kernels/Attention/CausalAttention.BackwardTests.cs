using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Weights;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class CausalAttentionBackwardTests(ITestOutputHelper output)
{
    public static IEnumerable<TheoryDataRow<string, string>> Goldens
        => from device in KernelDevices.Cpu
           from name in new[] { "attention_causal", "attention_causal_gqa_padded", "attention_large_scores" }
           select new TheoryDataRow<string, string>(device, name);

    /// <summary>Padded rows of the reference come last, have no gradient and are not in our sequence.</summary>
    [Theory, MemberData(nameof(Goldens))]
    public void Gradients_equal_the_reference(string device, string name)
    {
        using SafeTensors golden = Gradients.Operator(name);
        int[] shape = [.. golden["q"].Shape.Select(size => (int)size)];
        (int sequences, int heads, int rows, int size) = (shape[0], shape[1], shape[2], shape[3]);
        int keyHeads = (int)golden["k"].Shape[1];
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            int real = golden.Tensors.TryGetValue("key_mask", out HostTensor? mask)
                ? mask.Span<byte>().Slice(sequence * rows, rows).ToArray().Count(bit => bit == 1) : rows;
            float[] Of(string tensor)
            {
                int count = (int)golden[tensor].Shape[1];
                float[] all = golden[tensor].ToFloats();
                ReadOnlySpan<float> own = all.AsSpan(sequence * count * rows * size, count * rows * size);
                return Gradients.Rows(own, count, rows, size)[..(real * count * size)];
            }
            (float[] _, float[] dq, float[] dk, float[] dv) = Run(KernelDevices.Get(device), Of("q"), Of("k"), Of("v"), Of("dy"), real,
                heads, keyHeads, size);
            Gradients.Close(output, "dq", dq, Of("d_q"), 1e-5);
            Gradients.Close(output, "dk", dk, Of("d_k"), 1e-5);
            Gradients.Close(output, "dv", dv, Of("d_v"), 1e-5);
        }
    }

    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> Sizes
        => from device in KernelDevices.Cpu
           from size in new[] { (1, 1, 1, 8), (150, 4, 2, 24), (230, 2, 2, 80) }
           where size.Item1 < 200 || device == KernelDevices.Cpu.Last()
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    /// <summary>Several blocks of keys and of queries, head sizes that are no panels.</summary>
    [Theory, MemberData(nameof(Sizes))]
    public void Gradients_are_those_of_the_forward(string device, int rows, int heads, int keyHeads, int size)
    {
        using var numbers = new KernelRig(KernelDevices.Get(device), rows);
        float[] q = numbers.Numbers(rows * heads * size), dy = numbers.Numbers(rows * heads * size);
        float[] k = numbers.Numbers(rows * keyHeads * size), v = numbers.Numbers(rows * keyHeads * size);
        (float[] Y, float[] Dq, float[] Dk, float[] Dv) Of(float[] q, float[] k, float[] v)
            => Run(KernelDevices.Get(device), q, k, v, dy, rows, heads, keyHeads, size);
        (float[] _, float[] dq, float[] dk, float[] dv) = Of(q, k, v);
        double F(float[] q, float[] k, float[] v) => Gradients.Dot(Of(q, k, v).Y, dy);
        if (rows > 1)
        {
            Gradients.AlongDirections(output, "dq", q, dq, moved => F(moved, k, v), 0.1);
            Gradients.AlongDirections(output, "dk", k, dk, moved => F(q, moved, v), 0.1);
        }
        else Assert.All(dq.Concat(dk), value => Assert.Equal(0, value, 1e-6f)); // one key's weight is 1 whatever its score
        Gradients.AlongDirections(output, "dv", v, dv, moved => F(q, k, moved), 0.1);
    }

    [Fact]
    public void Threads_do_not_matter() => KernelDevices.AssertThreadsDoNotMatter(device =>
    {
        using var rig = new KernelRig(device);
        (float[] _, float[] dq, float[] dk, float[] dv) = Run(device, rig.Numbers(50 * 64), rig.Numbers(50 * 32), rig.Numbers(50 * 32),
            rig.Numbers(50 * 64), 50, 4, 2, 16);
        return [.. dq, .. dk, .. dv];
    });

    private static (float[] Y, float[] Dq, float[] Dk, float[] Dv) Run(
        ComputeDevice device, float[] q, float[] k, float[] v, float[] dy, int rows, int heads, int keyHeads, int size)
    {
        using var rig = new KernelRig(device);
        Matrix y = rig.Result(rows, heads * size), dq = rig.Result(rows, heads * size), logSums = rig.Result(rows, heads);
        Matrix keys = rig.View(k, rows, keyHeads * size), values = rig.View(v, rows, keyHeads * size);
        Matrix dk = rig.Result(rows, keyHeads * size), dv = rig.Result(rows, keyHeads * size);
        var queries = new QueryRows(rig.View(q, rows, heads * size), rig.Ints([.. Enumerable.Range(0, rows)]), size, y, logSums);
        CausalAttention.Run(rig.Queue, queries.Q, keys, values, queries.Positions, size, y, logSums);
        CausalAttention.Backward(rig.Queue, queries, keys, values, rig.View(dy, rows, heads * size), dq, dk, dv);
        return (rig.Read(y), rig.Read(dq), rig.Read(dk), rig.Read(dv));
    }
}
