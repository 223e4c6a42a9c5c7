using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Errors;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Native memory of the host, aligned for every register width; its contents are undefined at first.</summary>
public sealed unsafe class HostMemory : IDisposable
{
    private const int Alignment = 64;

    /// <param name="bytes">0 takes as much as 1.</param>
    /// <param name="refusal">The error's text for a size in MiB that cannot be had.</param>
    /// <exception cref="DeviceFailedException">There is not enough memory.</exception>
    public HostMemory(long bytes, Func<long, string> refusal)
    {
        try
        {
            Address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes), Alignment);
        }
        catch (OutOfMemoryException e)
        {
            throw new DeviceFailedException(refusal(bytes >> 20), e);
        }
    }

    /// <summary>0 once it is disposed.</summary>
    public nint Address { get; private set; }

    public void Dispose()
    {
        NativeMemory.AlignedFree((void*)Address);
        Address = 0;
    }
}
