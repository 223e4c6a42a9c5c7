namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Launches of one kernel at one shape, timed on the device: <see cref="ComputeQueue.Profile"/>.</summary>
/// <param name="Kernel">The operation and its type arguments, or "transfer".</param>
/// <param name="Shape">Of a product, "rows x columns to outputs"; else empty.</param>
/// <param name="Launches">How many.</param>
/// <param name="Seconds">Of all of them, with what lay between the launch before and each.</param>
/// <param name="Bytes">Of a product: weights, x and y, each once, of all launches; else 0.</param>
/// <param name="Flop">Of a product: 2 a multiply-add, of all launches; else 0.</param>
internal sealed record LaunchTime(string Kernel, string Shape, int Launches, double Seconds, double Bytes, double Flop);
