using System.Runtime.CompilerServices;
using EdgeVideoLlava.Tests.Ptx.Instructions;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>A lane's loads, stores and asynchronous copies. What is wrong ends the launch.</summary>
internal sealed unsafe class LaneMemory(PtxModule module, GlobalMemory global, SharedMemory shared)
{
    // The view that each instruction met last.
    private readonly int[] hints = new int[module.Code.Length];

    /// <summary>Number of the group's first item in the launch.</summary>
    public int FirstItem { get; set; }

    public PtxFaultException Fault(FaultKind kind, int pc, string what)
        => new(kind, $"{module.Name}, instruction {pc}, {module.Lines[pc]}: {what}");

    public void LoadGlobal(in Lane lane, in Instruction i, int pc)
    {
        byte* place = Global(lane, i, pc, write: false);
        ReadOnlySpan<int> results = i.Results;
        for (int n = 0; n < results.Length; n++) lane.Registers[results[n]] = Number(place + n * i.Form, i.Form);
    }

    public void StoreGlobal(in Lane lane, in Instruction i, int pc)
    {
        byte* place = Global(lane, i, pc, write: true);
        ReadOnlySpan<int> sources = i.Sources;
        for (int n = 0; n < sources.Length; n++) Write(place + n * i.Form, i.Form, lane.Registers[sources[n]]);
    }

    public void LoadShared(in Lane lane, in Instruction i, int pc)
    {
        ReadOnlySpan<int> results = i.Results;
        ulong address = Shared(lane, i, results.Length, pc);
        for (int n = 0; n < results.Length; n++) lane.Registers[results[n]] = ReadShared(lane, address + (ulong)(4 * n), pc);
    }

    public void StoreShared(in Lane lane, in Instruction i, int pc)
    {
        ReadOnlySpan<int> sources = i.Sources;
        ulong address = Shared(lane, i, sources.Length, pc);
        for (int n = 0; n < sources.Length; n++)
        {
            int word = Word(address + (ulong)(4 * n), pc);
            Check(shared.History(word).Write(lane), pc);
            shared.Value(word) = (uint)lane.Registers[sources[n]];
        }
    }

    /// <summary>The eight halves at a lane's address.</summary>
    public void LoadRow(in Lane lane, in Instruction i, int pc, Span<ushort> halves)
    {
        ulong address = Shared(lane, i, 4, pc);
        for (int n = 0; n < 4; n++)
        {
            uint word = ReadShared(lane, address + (ulong)(4 * n), pc);
            (halves[2 * n], halves[2 * n + 1]) = ((ushort)word, (ushort)(word >> 16));
        }
    }

    /// <summary>The target is undefined until the copy is waited for (PTX ISA, "cp.async").</summary>
    public void BeginCopy(ref Lane lane, in Instruction i, int pc)
    {
        ulong target = lane.Registers[i.A];
        long source = (long)lane.Registers[i.B];
        int bytes = (int)lane.Registers[i.C];
        if (bytes is < 0 or > 16) throw Fault(FaultKind.Bounds, pc, $"item {lane.Item} copies {bytes} bytes");
        if (target % 16 != 0 || source % 16 != 0) throw Fault(FaultKind.Alignment, pc, $"item {lane.Item}");
        if (bytes > 0) Check(lane, source, bytes, pc, write: false);
        for (int n = 0; n < 4; n++)
        {
            int word = Word(target + (ulong)(4 * n), pc);
            Check(shared.History(word).BeginCopy(lane), pc);
            shared.Value(word) = SharedMemory.Poison;
        }
        (lane.Copies ??= new LaneCopies()).Begin(new AsyncCopy(target, source, bytes));
    }

    public void WaitForCopies(in Lane lane, int left)
    {
        if (lane.Copies == null) return;
        Span<uint> words = stackalloc uint[4];
        foreach (AsyncCopy copy in lane.Copies.Wait(left))
        {
            words.Clear();
            fixed (uint* filled = words) Buffer.MemoryCopy((void*)copy.Source, filled, 16, copy.Bytes);
            for (int n = 0; n < 4; n++)
            {
                int word = shared.Find(copy.Target + (ulong)(4 * n));
                shared.Value(word) = words[n];
                shared.History(word).EndCopy(lane);
            }
        }
    }

    private byte* Global(in Lane lane, in Instruction i, int pc, bool write)
    {
        long address = (long)lane.Registers[i.A] + i.Immediate;
        int bytes = i.Form * (i.Results ?? i.Sources)!.Length;
        if ((address & (bytes - 1)) != 0) throw Fault(FaultKind.Alignment, pc, $"item {FirstItem + lane.Item} at {address % 16} of 16");
        Check(lane, address, bytes, pc, write);
        return (byte*)address;
    }

    private void Check(in Lane lane, long address, int bytes, int pc, bool write)
    {
        ref int hint = ref hints[pc];
        int item = FirstItem + lane.Item;
        if (!global.Contains(address, bytes, ref hint))
            throw Fault(FaultKind.Bounds, pc, $"item {item} {(write ? "writes" : "reads")} {global.Outside(address, bytes)}");
        if ((write ? global.Write(address, bytes, item, hint) : global.Read(address, bytes, item, hint)) is { } wrong)
            throw Fault(FaultKind.Race, pc, wrong);
    }

    /// <summary>The address of an access of so many words.</summary>
    private ulong Shared(in Lane lane, in Instruction i, int words, int pc)
    {
        ulong address = lane.Registers[i.A] + (ulong)i.Immediate;
        if ((address & (ulong)(4 * words - 1)) != 0) throw Fault(FaultKind.Alignment, pc, $"item {lane.Item} at {address % 16} of 16");
        return address;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Word(ulong address, int pc)
        => shared.Find(address) is >= 0 and var word ? word : throw Fault(FaultKind.Bounds, pc, shared.Outside(address));

    private uint ReadShared(in Lane lane, ulong address, int pc)
    {
        int word = Word(address, pc);
        Check(shared.History(word).Read(lane), pc);
        return shared.Value(word);
    }

    private void Check((FaultKind Kind, string What)? wrong, int pc)
    {
        if (wrong is { } fault) throw Fault(fault.Kind, pc, fault.What);
    }

    private static ulong Number(byte* place, int bytes) => bytes switch
    {
        1 => *place,
        2 => *(ushort*)place,
        4 => *(uint*)place,
        _ => *(ulong*)place,
    };

    private static void Write(byte* place, int bytes, ulong number)
    {
        switch (bytes)
        {
            case 1: *place = (byte)number; break;
            case 2: *(ushort*)place = (ushort)number; break;
            case 4: *(uint*)place = (uint)number; break;
            default: *(ulong*)place = number; break;
        }
    }
}
