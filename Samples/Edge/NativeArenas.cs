using System.Runtime.InteropServices;

namespace EdgeVideoLlava.Edge;

/// <summary>How glibc's malloc divides the address space among threads.</summary>
internal static partial class NativeArenas
{
    private const int ArenaMax = -8, Few = 2; // <malloc.h>, M_ARENA_MAX

    /// <summary>Two for all threads instead of one for each, of 64 MiB: native memory is taken in large pieces here, and a narration of
    /// days leaves less between them.</summary>
    public static void BeFew()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            _ = SetOption(ArenaMax, Few);
        }
        catch (EntryPointNotFoundException)
        {
            // another libc, which has no such arenas
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
