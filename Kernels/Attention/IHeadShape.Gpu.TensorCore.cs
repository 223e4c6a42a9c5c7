namespace EdgeVideoLlava.Kernels.Attention;

/// <summary>The size of a head in chunks of 8 columns. A type argument, so that it is constant in the kernel.</summary>
internal interface IHeadShape
{
    int Chunks { get; }
}

internal readonly struct Head64 : IHeadShape
{
    public int Chunks => 8;
}

internal readonly struct Head128 : IHeadShape
{
    public int Chunks => 16;
}
