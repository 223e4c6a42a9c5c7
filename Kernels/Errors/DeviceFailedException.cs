namespace EdgeVideoLlava;

/// <summary>A device failed while it worked, or its memory or the host's does not suffice. Command line: exit code 5.</summary>
public sealed class DeviceFailedException(string message, Exception? inner = null) : EdgeException(message, inner);
