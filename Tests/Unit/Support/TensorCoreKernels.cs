using System.Reflection;
using EdgeVideoLlava.Kernels.Checks;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>The kernels of the tensor-core tier, one for each choice of types.</summary>
internal static class TensorCoreKernels
{
    public static IReadOnlyDictionary<string, MethodInfo> All { get; } = DeviceKernels.Methods
        .Where(kernel => kernel.Value.DeclaringType != typeof(InstructionChecks) && new KernelReach(kernel.Value).IsTensorCore)
        .ToDictionary();
}
