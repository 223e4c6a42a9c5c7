using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Ptx.Execution;

/// <summary>Runs a kernel's text as the PTX ISA says: groups one after the other, in them warps, in them lanes, each by
/// itself until it has to meet others.</summary>
/// <remarks>What the ISA leaves undefined, and what our kernels are not to do, is a <see cref="PtxFaultException"/>.</remarks>
/// <param name="longest">Instructions after which a lane is taken not to end.</param>
internal sealed unsafe class PtxMachine(PtxModule module, LaneOrder order = LaneOrder.Ascending, long longest = PtxMachine.Longest)
{
    /// <summary>Far beyond what our kernels need.</summary>
    public const long Longest = 100_000_000;

    private const int WarpSize = 32;

    // As float, float64 or half no number: what is read before it is written.
    private const ulong Unwritten = 0x7fff_dead_7fff_deadul;

    /// <summary>Instructions that all lanes of all launches have run.</summary>
    public long Executed { get; private set; }

    /// <param name="arguments">The block of arguments as the driver gets it.</param>
    public void Run(ReadOnlySpan<byte> arguments, LaunchShape shape, GlobalMemory global)
    {
        Check(arguments, shape);
        using var shared = new SharedMemory(module.Shared, shape.DynamicBytes);
        var memory = new LaneMemory(module, global, shared);
        var claims = new UniformClaims(module.Code.Length);
        var runner = new LaneRunner(module, memory, claims, longest);
        ulong* registers = (ulong*)NativeMemory.Alloc((nuint)shape.Items * (nuint)module.Slots.Count, sizeof(ulong));
        try
        {
            ulong[] initial = Initial(arguments, shape);
            var lanes = new Lane[shape.Items];
            for (int group = 0; group < shape.X * shape.Y * shape.Z; group++)
            {
                memory.FirstItem = group * shape.Items;
                shared.Clear();
                Begin(lanes, initial, shape, group, registers);
                new GroupRun(module, memory, runner, claims, order).Run(lanes);
            }
        }
        catch (ArithmeticException e)
        {
            throw new PtxFaultException(FaultKind.Division, $"{module.Name}: {e.Message}");
        }
        finally
        {
            NativeMemory.Free(registers);
            Executed += runner.Executed;
        }
    }

    private void Check(ReadOnlySpan<byte> arguments, LaunchShape shape)
    {
        if (arguments.Length != module.ParameterBytes)
            throw new PtxFaultException(FaultKind.Launch,
                $"{module.Name}: {arguments.Length} bytes of arguments, the text takes {module.ParameterBytes}");
        int most = module.MostItems ?? 1024;
        if (shape.Items > most)
            throw new PtxFaultException(FaultKind.Launch, $"{module.Name}: {shape.Items} items, the text is for {most}");
    }

    /// <summary>What is in the registers of every lane when it begins.</summary>
    private ulong[] Initial(ReadOnlySpan<byte> arguments, LaunchShape shape)
    {
        var initial = new ulong[module.Slots.Count];
        Array.Fill(initial, Unwritten);
        foreach ((int slot, ulong value) in module.Constants) initial[slot] = value;
        foreach (ParameterSlot parameter in module.ParameterSlots)
        {
            ReadOnlySpan<byte> place = arguments.Slice(parameter.Offset, parameter.Bytes);
            ulong value = 0;
            place.CopyTo(MemoryMarshal.AsBytes(new Span<ulong>(ref value)));
            initial[parameter.Slot] = value;
        }
        foreach ((string name, int value) in new[]
        {
            ("%ntid.x", shape.Items), ("%ntid.y", 1), ("%ntid.z", 1), ("%tid.y", 0), ("%tid.z", 0),
            ("%nctaid.x", shape.X), ("%nctaid.y", shape.Y), ("%nctaid.z", shape.Z), ("%dynamic_smem_size", shape.DynamicBytes),
        }) Set(initial, name, value);
        return initial;
    }

    private void Set(Span<ulong> registers, string special, int value)
    {
        if (module.Specials.TryGetValue(special, out int slot)) registers[slot] = (ulong)value;
    }

    private void Begin(Span<Lane> lanes, ulong[] initial, LaunchShape shape, int group, ulong* registers)
    {
        Set(initial, "%ctaid.x", group % shape.X);
        Set(initial, "%ctaid.y", group / shape.X % shape.Y);
        Set(initial, "%ctaid.z", group / shape.X / shape.Y);
        for (int item = 0; item < lanes.Length; item++)
        {
            var own = new Span<ulong>(registers + (nint)item * initial.Length, initial.Length);
            Set(initial, "%tid.x", item);
            Set(initial, "%laneid", item % WarpSize);
            initial.CopyTo(own);
            lanes[item] = new Lane { Item = item, Registers = registers + (nint)item * initial.Length };
        }
    }
}
