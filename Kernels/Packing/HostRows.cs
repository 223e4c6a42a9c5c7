namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>Rows of a weight in host memory, densely packed in the weight's storage type.</summary>
internal readonly record struct HostRows(nint Address, int Rows);
