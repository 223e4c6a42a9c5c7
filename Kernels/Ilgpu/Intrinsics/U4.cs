namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Four words that a kernel loads at once (128 bits); only from addresses that are multiples of 16 bytes.</summary>
internal struct U4
{
    public uint X, Y, Z, W;

    /// <param name="index">A constant, so that the word stays in its register.</param>
    public readonly uint Word(int index) => index == 0 ? X : index == 1 ? Y : index == 2 ? Z : W;
}
