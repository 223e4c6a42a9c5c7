namespace EdgeVideoLlava.Kernels;

/// <summary>Four words that a kernel loads at once (128 bits); only from addresses that are multiples of 16 bytes.</summary>
internal struct U4
{
    public uint X, Y, Z, W;
}
