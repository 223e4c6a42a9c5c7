using EdgeVideoLlava.Kernels.Devices;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Kernels.Ilgpu;

/// <summary>Launches of a queue on the memory they had: given again one after the other, without what led to them.</summary>
internal sealed class IlgpuRecording(IlgpuQueue queue, List<Action<AcceleratorStream>> launches, int scratchVersion) : RecordedWork
{
    public override bool IsCurrent => queue.Scratch.Version == scratchVersion;

    public override void Replay() => queue.Give(launches);

    public override void Dispose() => launches.Clear();
}
