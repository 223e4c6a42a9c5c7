using EdgeVideoLlava.Kernels.Ilgpu;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Tests of kernels whose lanes work together, on ILGPU's CPU accelerator: a thread for each lane, so one
/// test at a time.</summary>
[CollectionDefinition(nameof(Lanes), DisableParallelization = true)]
public sealed class Lanes
{
    // A lane that waits for one that has left waits for ever.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    internal static Accelerator Accelerator => ((IlgpuDevice)TestDevices.Get(TestDevice.IlgpuCpuTensorCore)).Accelerator;

    internal static void Within(Action run)
    {
        Task task = Task.Run(run);
        if (Task.WhenAny(task, Task.Delay(Limit)).Result != task)
            Assert.Fail($"not done after {Limit.TotalSeconds} s: lanes wait for each other");
        task.GetAwaiter().GetResult();
    }

    /// <summary>One group of a warp or more: operands as they are, the result's buffer as it is afterwards.</summary>
    internal static TResult[] Run<TA, TB, TResult>(Action<ArrayView<TA>, ArrayView<TB>, ArrayView<TResult>> kernel, TA[] a, TB[] b,
        int results, int lanes = 32)
        where TA : unmanaged where TB : unmanaged where TResult : unmanaged
    {
        TResult[] got = [];
        Within(() =>
        {
            using MemoryBuffer1D<TA, Stride1D.Dense> left = Accelerator.Allocate1D(a);
            using MemoryBuffer1D<TB, Stride1D.Dense> right = Accelerator.Allocate1D(b);
            using MemoryBuffer1D<TResult, Stride1D.Dense> result = Accelerator.Allocate1D(new TResult[results]);
            Action<KernelConfig, ArrayView<TA>, ArrayView<TB>, ArrayView<TResult>> launcher = Accelerator.LoadStreamKernel(kernel);
            launcher((1, lanes), left.View, right.View, result.View);
            Accelerator.Synchronize();
            got = result.GetAsArray1D();
        });
        return got;
    }
}
