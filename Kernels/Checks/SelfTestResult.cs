namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>Whether an accelerator computes what the processor does.</summary>
/// <param name="Device">Its name, e.g. "opencl:0".</param>
/// <param name="Kernels">Operations that agreed.</param>
/// <param name="Seconds">Opening the device and compiling the kernels included.</param>
/// <param name="Failure">The first operation that did not, or what kept the device from opening, in one line; null if all agreed.</param>
internal sealed record SelfTestResult(string Device, int Kernels, double Seconds, string? Failure);
