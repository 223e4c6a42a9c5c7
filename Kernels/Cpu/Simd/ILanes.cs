namespace EdgeVideoLlava.Kernels.Cpu.Simd;

/// <summary>A register of float32 lanes. The CPU kernels are written once against it and compiled for every width.</summary>
/// <remarks>
/// The width is a type argument, so each instantiation is straight code in that width's registers. What is left over at the end of a
/// row is done by the same code at width 1 (<see cref="Lanes1"/>).
/// </remarks>
internal unsafe interface ILanes<TSelf> where TSelf : unmanaged, ILanes<TSelf>
{
    static abstract int Count { get; }

    static abstract TSelf Zero { get; }

    static abstract TSelf All(float value);

    static abstract TSelf Load(float* source);

    /// <summary>binary16 to float32, exactly; Inf and NaN too.</summary>
    static abstract TSelf LoadHalf(ushort* source);

    /// <summary>bfloat16 to float32: the upper half of the bits.</summary>
    static abstract TSelf LoadBFloat(ushort* source);

    static abstract TSelf LoadBytes(sbyte* source);

    /// <summary>a · b + c, fused where the processor can.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>The larger one; which of the two if one is NaN is not defined.</summary>
    static abstract TSelf Max(TSelf a, TSelf b);

    static abstract TSelf Abs(TSelf a);

    static abstract TSelf Exp(TSelf a);

    /// <summary>Lane by lane: a &lt; b ? yes : no.</summary>
    static abstract TSelf Less(TSelf a, TSelf b, TSelf yes, TSelf no);

    /// <summary>The magnitude of a with the sign of b.</summary>
    static abstract TSelf CopySign(TSelf a, TSelf b);

    static abstract float Sum(TSelf a);

    static abstract float Largest(TSelf a);

    static abstract TSelf operator +(TSelf a, TSelf b);

    static abstract TSelf operator -(TSelf a, TSelf b);

    static abstract TSelf operator *(TSelf a, TSelf b);

    static abstract TSelf operator /(TSelf a, TSelf b);

    void Store(float* target);
}
