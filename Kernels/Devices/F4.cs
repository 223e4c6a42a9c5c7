namespace EdgeVideoLlava.Kernels;

/// <summary>Four numbers in registers: a lane's share of a tensor core's sums.</summary>
internal struct F4
{
    public float X, Y, Z, W;
}
