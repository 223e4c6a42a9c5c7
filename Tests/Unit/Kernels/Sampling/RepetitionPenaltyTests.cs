using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Sampling;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Sampling;

public sealed class RepetitionPenaltyTests
{
    /// <summary>The definition, one rounding of the exact product or quotient.</summary>
    private static float Oracle(float logit, bool marked, float penalty)
        => !marked ? logit : (float)(logit < 0 ? (double)logit * penalty : (double)logit / penalty);

    public static IEnumerable<TheoryDataRow<string, int, float>> Rows
        => from device in KernelDevices.All
           from tokens in new[] { 1, 33, 600 }
           from penalty in new[] { 1f, 1.3f, 0.7f }
           select new TheoryDataRow<string, int, float>(device, tokens, penalty);

    [Theory, DeviceRows(nameof(Rows))]
    public void Marked_logits_equal_the_definition_bit_for_bit_and_the_others_stay(string device, int tokens, float penalty)
    {
        using var rig = new KernelRig(KernelDevices.Get(device), tokens);
        float[] logits = rig.Numbers(tokens, 5);
        if (tokens > 3) (logits[0], logits[1], logits[2]) = (0, float.NegativeInfinity, float.PositiveInfinity);
        int[] marks = [.. Enumerable.Range(0, tokens).Select(v => v < 3 ? 1 : rig.Random.Next(2))];
        Matrix row = rig.Result(1, tokens);
        rig.Queue.Write(logits, row);
        RepetitionPenalty.Run(rig.Queue, row, rig.Ints(marks), rig.Dense([penalty, 0, 0, 0], 1, SamplingSettings.Count));
        Assert.Equal(logits.Select((logit, v) => Oracle(logit, marks[v] != 0, penalty)), rig.Read(row));
    }
}
