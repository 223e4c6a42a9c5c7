namespace EdgeVideoLlava.Kernels.Sampling;

/// <summary>Columns of the (1, 4) matrix that tells kernels how to sample. In device memory, so that recorded work
/// takes other settings, too.</summary>
internal static class SamplingSettings
{
    public const int Penalty = 0, Temperature = 1, TopP = 2, MinP = 3, Count = 4;
}
