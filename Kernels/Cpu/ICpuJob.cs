using EdgeVideoLlava.Kernels.Cpu.Simd;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>A loop body shared among the worker threads. An item's result must not depend on which items are done together.</summary>
internal interface ICpuJob
{
    void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>;
}
