namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Four numbers that are read and written at once: in registers a lane's share of a tensor core's sums, in
/// shared memory a quad of columns.</summary>
internal struct F4
{
    public float X, Y, Z, W;
}
