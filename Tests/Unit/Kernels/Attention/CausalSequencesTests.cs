using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class CausalSequencesTests(ITestOutputHelper output)
{
    private static readonly int[] Lengths = [5, 1, 17];

    public static TheoryData<string> Devices => [.. Gradients.Devices];

    [Theory, MemberData(nameof(Devices))]
    public void A_sequence_sees_itself_alone_and_gradients_are_those_of_the_forward(string device)
    {
        using var numbers = new KernelRig(KernelDevices.Get(device));
        float[] qkv = numbers.Numbers(23 * 3 * 32), dy = numbers.Numbers(23 * 32);
        (float[] y, float[] gradient) = Run(device, qkv, dy, Lengths);
        int row = 0;
        foreach (int length in Lengths)
        {
            (float[] alone, _) = Run(device, qkv[(row * 96)..((row + length) * 96)], dy[(row * 32)..((row + length) * 32)], length);
            Assert.Equal(alone, y[(row * 32)..((row + length) * 32)]);
            row += length;
        }
        Gradients.AlongDirections(output, "dqkv", qkv, gradient, moved => Gradients.Dot(Run(device, moved, dy, Lengths).Y, dy), 0.1);
    }

    private static (float[] Y, float[] Gradient) Run(string device, float[] qkv, float[] dy, params int[] lengths)
    {
        using var rig = new KernelRig(KernelDevices.Get(device));
        int rows = lengths.Sum();
        IntVector positions = rig.Ints([.. lengths.SelectMany(length => Enumerable.Range(0, length))]);
        Matrix source = rig.View(qkv, rows, 96), y = rig.Result(rows, 32), logSums = rig.Result(rows, 2), d = rig.Result(rows, 96);
        CausalSequences.Run(rig.Queue, source, lengths, positions, 2, y, logSums);
        CausalSequences.Backward(rig.Queue, source, lengths, positions, 2, y, logSums, rig.View(dy, rows, 32), d);
        return (rig.Read(y), rig.Read(d));
    }
}
