using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Sampling;

/// <summary>Draws a token among the k largest logits (and equals of the k-th): temperature, top-p, min-p, in double;
/// the random numbers' state stays in memory.</summary>
/// <remarks>
/// w[i] = exp((l[i] − l[0]) / temperature), by falling logit, equals by rising id. From the last up, tokens are dropped while what is
/// dropped stays within (1 − top-p) Σ w, then while w &lt; min-p; the first always stays. Of the rest the first i with u Σ w &lt; w[0] + …
/// + w[i], u the next number of SplitMix64 (Steele, Lea, Flood 2014) in [0, 1). Temperature 0: the largest, and no number is drawn.
/// logits (1, V), the first candidates compete;  best (min(k + 1, candidates)) as <c>TopK</c> gives them;  settings (1, 4);
/// state (2), low word first;  marks (V): the token's is set to 1;  id (1).
/// </remarks>
internal static partial class DrawToken
{
    public static void Run(ComputeQueue queue, Matrix logits, int candidates, int k, IntVector best, Matrix settings, IntVector state,
        IntVector marks, IntVector id)
    {
        Shapes.Is(logits, 1, marks.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(candidates, logits.Columns);
        ArgumentOutOfRangeException.ThrowIfLessThan(k, 1);
        Shapes.Length(best, Math.Min(k + 1, candidates));
        Shapes.Is(settings, 1, SamplingSettings.Count);
        Shapes.Length(state, 2);
        Shapes.Length(id, 1);
        if (queue is CpuQueue cpu) Cpu(cpu, logits, candidates, k, best, settings, state, marks, id);
        else Gpu((IlgpuQueue)queue, logits, candidates, k, best, settings, state, marks, id);
    }
}
