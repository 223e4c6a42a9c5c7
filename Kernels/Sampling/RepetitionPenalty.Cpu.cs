using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;

namespace EdgeVideoLlava.Kernels.Sampling;

internal static unsafe partial class RepetitionPenalty
{
    // A pass over one row: one thread.
    private static void Cpu(CpuQueue queue, Matrix logits, IntVector marks, Matrix settings)
    {
        _ = queue;
        float* row = logits.Cpu();
        float penalty = settings.Cpu()[SamplingSettings.Penalty];
        for (int v = 0; v < marks.Length; v++)
        {
            if (marks.Cpu()[v] != 0) row[v] = row[v] < 0 ? row[v] * penalty : row[v] / penalty;
        }
    }
}
