namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Two words: a tensor core's right factor.</summary>
internal struct U2
{
    public uint X, Y;
}
