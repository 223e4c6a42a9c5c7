namespace EdgeVideoLlava.Kernels.Errors;

/// <summary>A device or a native library that was asked for is not on this machine. Command line: exit code 3.</summary>
/// <remarks>The message is one line and names the remedy (the driver, ICD or system package to install).</remarks>
public sealed class DeviceUnavailableException : Exception
{
    public DeviceUnavailableException(string message) : base(message) { }
    public DeviceUnavailableException(string message, Exception inner) : base(message, inner) { }
}
