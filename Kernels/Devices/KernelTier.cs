namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Which of an operation's kernels an accelerator runs. All compute the same; they differ in what they ask
/// of the hardware.</summary>
internal enum KernelTier
{
    /// <summary>One item makes a row or a small tile, nothing is shared: for processors behind OpenCL, whose caches
    /// do the sharing.</summary>
    Processor,

    /// <summary>Groups with shared memory and barriers: every GPU, and every OpenCL device.</summary>
    Portable,

    /// <summary>Portable, with the matrix products and attention on tensor cores: CUDA from sm_80 on, binary16 activations.</summary>
    TensorCore,
}
