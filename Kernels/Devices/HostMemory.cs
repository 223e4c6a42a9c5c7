using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Kernels.Devices;

/// <summary>Native memory of the host, aligned for every register width; its contents are undefined at first.</summary>
/// <remarks>
/// Large pieces (weights) ask the system for pages of 2 MiB: a decode step reads every weight once, and with pages of 4 KiB each of them
/// costs an address translation, which is most expensive in a virtual machine. Linux grants them where its transparent huge pages are
/// "madvise" or "always"; elsewhere nothing changes.
/// </remarks>
internal sealed unsafe partial class HostMemory : IDisposable
{
    private const int Alignment = 64, HugePage = 2 << 20, LeastForHugePages = 4 * HugePage;

    // <sys/mman.h> of Linux.
    private const int AdviseHugePages = 14;

    /// <param name="bytes">0 takes as much as 1.</param>
    /// <param name="refusal">The error's text when a size in MiB cannot be allocated.</param>
    /// <exception cref="DeviceFailedException">There is not enough memory.</exception>
    public HostMemory(long bytes, Func<long, string> refusal)
    {
        try
        {
            bool isLarge = bytes >= LeastForHugePages;
            Address = (nint)NativeMemory.AlignedAlloc((nuint)Math.Max(1, bytes), (nuint)(isLarge ? HugePage : Alignment));
            if (isLarge && OperatingSystem.IsLinux()) _ = Advise(Address, (nuint)(bytes / HugePage * HugePage), AdviseHugePages);
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

    /// <summary>madvise(2). A refusal changes nothing but speed.</summary>
    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
