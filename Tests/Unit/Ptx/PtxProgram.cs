using System.Runtime.InteropServices;
using EdgeVideoLlava.Tests.Ptx.Execution;
using EdgeVideoLlava.Tests.Ptx.Text;

namespace EdgeVideoLlava.Tests.Unit.Ptx;

/// <summary>A small kernel in PTX around a body: %rd1 and %rd2 are the addresses of words x and y, %rd3 that of the lane's
/// word of shared memory and %rd4 that of its word of y; %r1 is the lane's number in the group. "s" are 1024 shared bytes.</summary>
internal static unsafe class PtxProgram
{
    private const string Head = """
        .version 7.8
        .target sm_80
        .visible .entry Kernel(
        .param .b64 _x,
        .param .b64 _y
        )
        .maxntid 64, 1, 1
        {
        .shared .align 16 .b8 s[1024];
        .reg .pred %p<9>;
        .reg .b16 %rs<9>;
        .reg .b32 %r<65>;
        .reg .b64 %rd<17>;
        .reg .f32 %f<17>;
        ld.param.b64 %rd1, [_x];
        ld.param.b64 %rd2, [_y];
        mov.b32 %r1, %tid.x;
        mul.wide.u32 %rd5, %r1, 4;
        mov.b64 %rd3, s;
        add.u64 %rd3, %rd3, %rd5;
        add.u64 %rd4, %rd2, %rd5;

        """;

    public static PtxModule Module(string body) => PtxModule.Parse($"{Head}{body}\nret;\n}}\n", "planted");

    /// <summary>y after the kernel has run.</summary>
    public static uint[] Run(string body, uint[]? x = null, int items = 32, int groups = 1, LaneOrder order = LaneOrder.Ascending)
        => Run(Module(body), x, items, groups, order);

    public static uint[] Run(PtxModule module, uint[]? x = null, int items = 32, int groups = 1, LaneOrder order = LaneOrder.Ascending)
    {
        x ??= new uint[64];
        var y = new uint[64];
        // Apart and aligned, so that what lies between the views is nobody's.
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(4 * (x.Length + y.Length) + 64), 64);
        try
        {
            uint* first = (uint*)memory, second = (uint*)(memory + 4 * x.Length + 64 - 4 * x.Length % 64);
            x.CopyTo(new Span<uint>(first, x.Length));
            y.CopyTo(new Span<uint>(second, y.Length));
            long[] arguments = [(long)first, (long)second];
            var global = new GlobalMemory([new GlobalView((long)first, 4 * x.Length, 4), new GlobalView((long)second, 4 * y.Length, 4)]);
            new PtxMachine(module, order).Run(MemoryMarshal.AsBytes<long>(arguments), new LaunchShape(groups, 1, 1, items), global);
            new Span<uint>(second, y.Length).CopyTo(y);
            return y;
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }
}
