namespace EdgeVideoLlava.Kernels.Checks;

/// <summary>One thing that a device must get right.</summary>
/// <param name="Name">What is checked, in a few words.</param>
/// <param name="Run">What is wrong, in one line; null if nothing is. A failing device throws.</param>
internal sealed record DeviceCheck(string Name, Func<string?> Run);
