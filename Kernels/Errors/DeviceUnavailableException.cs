namespace EdgeVideoLlava;

/// <summary>A device or a native library that was asked for is not on this machine. Command line: exit code 3.</summary>
public sealed class DeviceUnavailableException(string message, Exception? inner = null) : EdgeException(message, inner);
