using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Iced.Intel;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>Instructions put together at run time, for those that .NET has no method for: x64 by the System V convention.</summary>
/// <remarks>
/// Memory is first written, then made executable, and never both at once. A system that forbids that (SELinux's execmem) gets no code
/// and keeps what is compiled. The memory stays for the life of the process.
/// </remarks>
internal static unsafe partial class MachineCode
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 32;

    /// <summary>AVX-512 with VNNI (CPUID leaf 7, ECX bit 11), where .NET uses AVX-512 at all (DOTNET_EnableAVX512).</summary>
    public static bool HasVnni512 { get; } = OperatingSystem.IsLinux() && Avx512BW.X64.IsSupported && Vnni();

    /// <returns>The first instruction's address, 0 where the system refuses.</returns>
    public static nint Assemble(Action<Assembler> write)
    {
        var assembler = new Assembler(64);
        write(assembler);
        using var bytes = new MemoryStream();
        // Nothing in it depends on where it lies: jumps are relative.
        assembler.Assemble(new StreamCodeWriter(bytes), 0);
        nuint length = (nuint)bytes.Length;
        nint address = Map(0, length, Read | Write, Private | Anonymous, -1, 0);
        if (address == -1) return 0;
        bytes.ToArray().CopyTo(new Span<byte>((void*)address, (int)length));
        if (Protect(address, length, Read | Execute) == 0) return address;
        _ = Unmap(address, length);
        return 0;
    }

    private static bool Vnni() => X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & 1 << 11) != 0;

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
