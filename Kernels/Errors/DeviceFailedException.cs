namespace EdgeVideoLlava.Kernels.Errors;

/// <summary>A device failed while it worked, or its memory or the host's does not suffice. Command line: exit code 5.</summary>
public sealed class DeviceFailedException : Exception
{
    public DeviceFailedException(string message) : base(message) { }
    public DeviceFailedException(string message, Exception inner) : base(message, inner) { }
}
