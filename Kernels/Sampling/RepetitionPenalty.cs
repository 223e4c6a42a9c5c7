using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Ilgpu;

namespace EdgeVideoLlava.Kernels.Sampling;

/// <summary>Makes tokens of the history less likely (Keskar et al. 2019): l[v] = l[v] p if l[v] &lt; 0, else l[v] /
/// p, for every marked v.</summary>
/// <remarks>logits (1, V), changed in place;  marks (V), not 0 for an id of the history;  settings (1, 4), p in
/// column <see cref="SamplingSettings.Penalty"/>.</remarks>
internal static partial class RepetitionPenalty
{
    public static void Run(ComputeQueue queue, Matrix logits, IntVector marks, Matrix settings)
    {
        Shapes.Is(logits, 1, marks.Length);
        Shapes.Is(settings, 1, SamplingSettings.Count);
        if (queue is CpuQueue cpu) Cpu(cpu, logits, marks, settings);
        else Gpu((IlgpuQueue)queue, logits, marks, settings);
    }
}
