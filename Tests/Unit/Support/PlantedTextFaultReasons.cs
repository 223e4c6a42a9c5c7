namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>Why a planted fault does not show in the operation that the tests of faults run.</summary>
internal static class PlantedTextFaultReasons
{
    private const string Beyond = "it is of rows or columns of the tile that lie beyond the matrix",
        Correction = "it is the correction of a compensated sum, smaller than the tolerance",
        AnyLargest = "any number near the largest serves the soft-max as well",
        NotGated = "it is of the other half of a gated pair, and this product is not gated";

    /// <summary>Beginning of the kernel's name, kind of the fault, reason.</summary>
    private static readonly (string Kernel, TextFault Kind, string Reason)[] Known =
    [
        ("ScaledHalves", TextFault.NoMove, "rows below 2^14 are not scaled, whatever their largest number is"),
        ("ScaledHalves", TextFault.SwappedOperands, "rows below 2^14 are not scaled, whatever their largest number is"),
        ("ScaledHalves", TextFault.NegatedPredicate, "rows below 2^14 are not scaled, whatever their largest number is"),
        ("LinearTensorTile, CopiedFill, DeepTile128", TextFault.SwappedOperands, "it is the length of dynamic memory, which nothing reads"),
        ("LinearTensorTile", TextFault.NoMove, Beyond),
        ("LinearTensorTile", TextFault.SwappedOperands, Beyond),
        ("LinearGroupTile", TextFault.NoMove, Beyond),
        ("LinearGroupTile", TextFault.IndexOffByOne, Beyond),
        ("LinearGroupRow", TextFault.NoMove, Beyond),
        ("LinearGroupRow", TextFault.NegatedPredicate, NotGated),
        ("CausalAttention.GroupKernel", TextFault.NoMove, Beyond),
        ("CausalAttention.TensorKernel", TextFault.SwappedOperands, "with one tile of queries 1 - 1 is 0 either way"),
        ("DecodeAttention.JoinKernel", TextFault.IndexOffByOne, AnyLargest),
        ("RmsNorm", TextFault.SwappedOperands, Correction),
        ("LayerNorm", TextFault.NoMove, Correction),
        ("LayerNorm", TextFault.SwappedOperands, Correction),
        ("TopK", TextFault.NoMove, Correction),
        ("TopK", TextFault.SwappedOperands, $"{Correction}; or {AnyLargest}"),
        ("CrossEntropy", TextFault.SwappedOperands, AnyLargest),
        ("CrossEntropy", TextFault.NegatedPredicate, AnyLargest),
    ];

    /// <summary>Null: there is none.</summary>
    public static string? Of(PlantedTextFault fault)
        => Array.Find(Known, known
            => fault.Kind == known.Kind && fault.Module.Name.StartsWith(known.Kernel, StringComparison.Ordinal)).Reason;
}
