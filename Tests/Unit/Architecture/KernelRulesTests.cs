using System.Reflection;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>No kernel contains what ILGPU rejects or compiles wrongly; each such construct is found once in a kernel
/// that was planted with it.</summary>
public sealed class KernelRulesTests(ITestOutputHelper output)
{
    public static TheoryData<string> Kernels => [.. DeviceKernels.Methods.Keys];

    /// <summary>Method of <see cref="PlantedConstructs"/>, and what the violation says.</summary>
    public static TheoryData<string, string> Planted => new()
    {
        { nameof(PlantedConstructs.Throw), "has throw" },
        { nameof(PlantedConstructs.ThrowInHelper), "PlantedConstructs.Helper has throw" },
        { nameof(PlantedConstructs.ThrowInFunctor), "Thrower.Apply has throw" },
        { nameof(PlantedConstructs.Try), "has try" },
        { nameof(PlantedConstructs.SpanOfLocals), "has Span" },
        { nameof(PlantedConstructs.ConstantSpan), "has Span" },
        { nameof(PlantedConstructs.StackAlloc), "has stackalloc" },
        { nameof(PlantedConstructs.Class), "has the class Version" },
        { nameof(PlantedConstructs.Boxing), "has boxing of Int32" },
        { nameof(PlantedConstructs.ArrayOfVariableSize), "has an array whose size is no constant" },
        { nameof(PlantedConstructs.Closure), "has a closure" },
        { nameof(PlantedConstructs.Virtual), "has a virtual call of Base.Virtual" },
        { nameof(PlantedConstructs.Text), "has a string" },
        { nameof(PlantedConstructs.Clamp), "has Math.Clamp" },
        { nameof(PlantedConstructs.Bits), "has BitConverter.SingleToUInt32Bits" },
        { nameof(PlantedConstructs.Fused), "has MathF.FusedMultiplyAdd" },
        { nameof(PlantedConstructs.Sign), "has MathF.CopySign" },
        { nameof(PlantedConstructs.Tanh), "has XMath.Tanh" },
        { nameof(PlantedConstructs.Sin), "has XMath.Sin" },
        { nameof(PlantedConstructs.Cos), "has MathF.Cos" },
        { nameof(PlantedConstructs.SystemHalf), "has System.Half" },
        { nameof(PlantedConstructs.IlgpuHalf), "has ILGPU.Half" },
        { nameof(PlantedConstructs.IlgpuHalfOne), "has ILGPU.Half" },
        { nameof(PlantedConstructs.Decimal), "has decimal" },
        { nameof(PlantedConstructs.FourOfTheRuntime), "has Vector4" },
        { nameof(PlantedConstructs.MutableStatic), "has the mutable static changing" },
        { nameof(PlantedConstructs.StoredStatic), "has the mutable static changing" },
        { nameof(PlantedConstructs.StaticArray), "has the static array Table" },
        { nameof(PlantedConstructs.StaticObject), "has the static object Thing" },
        { nameof(PlantedConstructs.WarpShuffle), "has Warp.ShuffleXor" },
        { nameof(PlantedConstructs.DynamicShared), "has SharedMemory.GetDynamic" },
        { nameof(PlantedConstructs.Atomically), "has Atomic.Add" },
        { nameof(PlantedConstructs.Broadcast), "has Group.Broadcast" },
        { nameof(PlantedConstructs.LongIndex), "has a parameter LongIndex1D" },
        { nameof(PlantedConstructs.Unknown), "has BitOperations.Log2" },
        { nameof(PlantedConstructs.ArrayBesideIntrinsic), "has a local array in a tensor-core kernel" },
        { nameof(PlantedConstructs.LocalMemoryBesideIntrinsic), "has a local array in a tensor-core kernel" },
    };

    /// <summary>What looks like a forbidden construct and is none.</summary>
    public static TheoryData<string> Allowed =>
        [nameof(PlantedConstructs.Plain), nameof(PlantedConstructs.ArrayOfConstantSize), nameof(PlantedConstructs.WarpBesideIntrinsic),
        nameof(PlantedConstructs.ThroughFunctor)];

    [Theory, MemberData(nameof(Kernels))]
    public void A_kernel_keeps_to_what_every_back_end_compiles(string name)
        => Assert.Empty(KernelRules.Violations(name, DeviceKernels.Methods[name]));

    [Theory, MemberData(nameof(Planted))]
    public void A_forbidden_construct_is_named(string method, string construct)
    {
        IReadOnlyList<string> violations = KernelRules.Violations("Planted", PlantedConstructs.Find(method));
        foreach (string violation in violations) output.WriteLine(violation);
        Assert.Contains(violations, violation => violation.StartsWith("Planted: ", StringComparison.Ordinal)
            && violation.Contains(construct) && violation.Contains("; "));
    }

    [Theory, MemberData(nameof(Allowed))]
    public void What_compiles_is_not_named(string method)
        => Assert.Empty(KernelRules.Violations("Allowed", PlantedConstructs.Find(method)));

    [Fact]
    public void Every_planted_construct_is_a_row()
        => Assert.Equal(
            typeof(PlantedConstructs).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.Name).Except(["Find"])
            .Order(),
            Planted.Select(row => row.Data.Item1).Concat(Allowed.Select(row => row.Data)).Order());
}
