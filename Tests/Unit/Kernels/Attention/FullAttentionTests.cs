using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

public sealed class FullAttentionTests(ITestOutputHelper output)
{
    /// <summary>The definition: rows of the same sequence look at each other, head by head. sequences[s][i] is the
    /// row of place i in sequence s.</summary>
    internal static Expected[] Oracle(float[] qkv, int[][] sequences, int heads, int d)
    {
        int columns = heads * d;
        var y = new Expected[qkv.Length / 3];
        foreach (int[] sequence in sequences)
        {
            foreach (int row in sequence)
            {
                for (int h = 0; h < heads; h++)
                {
                    Expected[] head = AttentionOracle.Row(c => qkv[row * 3 * columns + h * d + c], (j, c)
                        => qkv[sequence[j] * 3 * columns + columns + h * d + c],
                        (j, c) => qkv[sequence[j] * 3 * columns + 2 * columns + h * d + c], sequence.Length, d);
                    head.CopyTo(y, row * columns + h * d);
                }
            }
        }
        return y;
    }

    /// <summary>Device, frames, positions, heads, head size.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> SpatialSizes
        => from device in KernelDevices.All
           from size in new[] { (1, 1, 1, 1), (2, 7, 2, 5), (1, 33, 1, 32), (2, 31, 2, 16), (1, 17, 2, 64) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    public static IEnumerable<TheoryDataRow<string, int, int, int, int>> LargeSizes
        => from device in KernelDevices.Cpu.Concat(KernelDevices.Portable)
           from size in new[] { (1, 257, 2, 64), (1, 577, 1, 61), (2, 40, 2, 128), (1, 50, 2, 72) }
           select new TheoryDataRow<string, int, int, int, int>(device, size.Item1, size.Item2, size.Item3, size.Item4);

    /// <summary>Device, clips, frames, positions.</summary>
    public static IEnumerable<TheoryDataRow<string, int, int, int>> TemporalSizes
        => from device in KernelDevices.All
           from size in new[] { (1, 8, 3), (2, 8, 5), (2, 3, 1) }
           select new TheoryDataRow<string, int, int, int>(device, size.Item1, size.Item2, size.Item3);

    [Theory, DeviceRows(nameof(SpatialSizes)), DeviceRows(nameof(LargeSizes))]
    public void Positions_of_a_frame_look_at_each_other(string device, int frames, int positions, int heads, int headSize)
    {
        int[][] sequences = [.. Enumerable.Range(0, frames).Select(frame => Enumerable.Range(frame * positions, positions).ToArray())];
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), SequenceLayout.Spatial(frames, positions), sequences, heads,
            headSize, 1);
        Expected.Check(output, $"{frames} frames of {positions}, {heads} heads of {headSize}", got, expected);
    }

    [Theory, DeviceRows(nameof(TemporalSizes))]
    public void A_position_looks_at_itself_over_the_frames_of_its_clip(string device, int clips, int frames, int positions)
    {
        int[][] sequences = [.. from clip in Enumerable.Range(0, clips)
                                from position in Enumerable.Range(0, positions)
                                select Enumerable.Range(0, frames).Select(frame => (clip * frames + frame) * positions + position)
                                .ToArray()];
        (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), SequenceLayout.Temporal(clips, frames, positions), sequences,
            2, 24, 1);
        Expected.Check(output, $"{clips} clips of {frames} frames of {positions}", got, expected);
    }

    [Fact]
    public void Scores_beyond_the_range_of_exp_are_right()
    {
        foreach (string device in KernelDevices.Present)
        {
            (float[] got, Expected[] expected) = Run(KernelDevices.Get(device), SequenceLayout.Spatial(1, 40),
                [[.. Enumerable.Range(0, 40)]], 1, 16, 12);
            Expected.Check(output, device, got, expected);
        }
    }

    [Fact]
    public void Threads_do_not_matter()
        => KernelDevices.AssertThreadsDoNotMatter(device => Run(device, SequenceLayout.Spatial(2, 70), [[.. Enumerable.Range(0, 70)]], 3,
            16, 1).Got);

    private static (float[] Got, Expected[] Expected) Run(ComputeDevice device, SequenceLayout layout, int[][] sequences, int heads,
        int headSize, float scale)
    {
        int rows = layout.Count * layout.Length, columns = heads * headSize;
        using var rig = new KernelRig(device, rows + heads + headSize);
        float[] qkv = rig.Numbers(rows * 3 * columns, scale);
        Matrix y = rig.Result(rows, columns);
        FullAttention.Run(rig.Queue, rig.View(qkv, rows, 3 * columns), layout, heads, y);
        return (rig.Read(y), Oracle(qkv, sequences, heads, headSize));
    }
}
