namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Rows of a weight in host memory, densely packed in the weight's storage type.</summary>
public readonly record struct HostRows(nint Address, int Rows);
