using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Packing;
using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeVideoLlava.Kernels.MatMul;

/// <summary>A panel's products with one, two, four or eight rows of x over their whole depth, by AVX-512's VNNI, which .NET has no
/// methods for.</summary>
/// <remarks>The bits are those of <see cref="IntegerTile"/>, its twin in C#: whole numbers are exact, and groups are added in the same
/// order by the same operations.</remarks>
internal static unsafe class AssembledTile<TBlocks, TLevels> where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
{
    /// <summary>Of 1, 2, 4 and 8 rows.</summary>
    private const int Sizes = 4;

    private static readonly nint[] ByRows = MachineCode.HasVnni512 ? [.. Enumerable.Range(0, Sizes).Select(i => Assemble(1 << i))] : [];

    public static bool IsSupported => ByRows.Length > 0 && !ByRows.Contains(0);

    /// <summary>sums (rows, 16) = panel · x, set and not added to.</summary>
    /// <param name="x">The first piece of the first row; a row's next one lies <paramref name="depthPieces"/> pieces further.</param>
    public static void Run(RowPiece* x, int depthPieces, int rows, int columns, byte* packed, float* sums)
    {
        var tile = new TileArguments(x, (long)depthPieces * sizeof(RowPiece), columns / RowPiece.Group, packed, sums);
        for (int i = Sizes - 1; i >= 0; i--)
        {
            var code = (delegate* unmanaged<TileArguments*, void>)ByRows[i];
            for (; rows >= 1 << i; rows -= 1 << i, tile.X += 1 << i, tile.Sums += PanelShape.Rows << i) code(&tile);
        }
    }

    private static nint Assemble(int rows) => MachineCode.Assemble(assembler => new TileCode<TBlocks, TLevels>(assembler, rows).Write());
}

/// <summary>What an assembled tile is called with.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments(RowPiece* x, long depthBytes, long groups, byte* packed, float* sums)
{
    public RowPiece* X = x;
    public long DepthBytes = depthBytes;
    public long Groups = groups;
    public byte* Packed = packed;
    public float* Sums = sums;
}

/// <summary>Writes the instructions of a tile.</summary>
internal sealed unsafe class TileCode<TBlocks, TLevels>(Assembler assembler, int rows)
    where TBlocks : IIntegerBlocks where TLevels : IPanelLevels
{
    /// <summary>Bytes between what is read and what is fetched from memory.</summary>
    private const int Ahead = 2048;

    private static readonly AssemblerRegisterZMM[] Sums = [zmm0, zmm1, zmm2, zmm3, zmm4, zmm5, zmm6, zmm7];
    private static readonly AssemblerRegisterZMM[] Lows = [zmm8, zmm9, zmm10, zmm11, zmm12, zmm13, zmm14, zmm15];
    private static readonly AssemblerRegisterZMM[] Highs = [zmm16, zmm17, zmm18, zmm19, zmm20, zmm21, zmm22, zmm23];
    private static readonly AssemblerRegisterZMM Levels = zmm24;

    private readonly PanelCode code = new(assembler);

    // Beside those of PanelCode. Numbers of a group's: 32, 8 and 4 bytes further with each.
    private readonly AssemblerRegister64 arguments = rbx, piece = r12, xLevels = rsi, xStarts = r10, xScales = rdi;
    private readonly AssemblerRegister64 depthBytes = r8, left = rcx, groups = r11;

    public void Write()
    {
        Label panels = assembler.CreateLabel(), whole = assembler.CreateLabel(), next = assembler.CreateLabel();
        Enter();
        assembler.Label(ref panels);
        assembler.mov(groups, PanelShape.Columns / PanelShape.Group);
        assembler.cmp(left, groups);
        assembler.jae(whole);
        assembler.mov(groups, left);
        assembler.Label(ref whole);
        assembler.sub(left, groups);
        BeginPanel();
        assembler.Label(ref next);
        Group();
        assembler.dec(groups);
        assembler.jne(next);
        assembler.mov(code.Scales, code.Levels);
        assembler.add(piece, depthBytes);
        assembler.test(left, left);
        assembler.jne(panels);
        Leave();
    }

    private void Enter()
    {
        assembler.push(rbx);
        assembler.push(r12);
        assembler.mov(arguments, rdi);
        TLevels.Begin(code);
        assembler.mov(piece, __qword_ptr[arguments]);
        assembler.mov(depthBytes, __qword_ptr[arguments + 8]);
        assembler.mov(left, __qword_ptr[arguments + 16]);
        assembler.mov(code.Scales, __qword_ptr[arguments + 24]);
        for (int r = 0; r < rows; r++) assembler.vpxord(Sums[r], Sums[r], Sums[r]);
    }

    private void Leave()
    {
        assembler.mov(rax, __qword_ptr[arguments + 32]);
        for (int r = 0; r < rows; r++) assembler.vmovups(__zmmword_ptr[rax + 64 * r], Sums[r]);
        assembler.pop(r12);
        assembler.pop(rbx);
        assembler.vzeroupper();
        assembler.ret();
    }

    /// <summary>Levels lie behind the scales, whose bytes are a straight line over the groups.</summary>
    private void BeginPanel()
    {
        int first = TBlocks.ScaleBytes(7), eight = TBlocks.ScaleBytes(8), each = eight - first;
        assembler.imul(code.Levels, groups, each);
        assembler.lea(code.Levels, __[code.Levels + code.Scales + (eight - 8 * each)]);
        assembler.mov(code.GroupBytes, groups);
        assembler.shl(code.GroupBytes, 5);
        foreach (AssemblerRegister64 at in (ReadOnlySpan<AssemblerRegister64>)[xLevels, xStarts, xScales]) assembler.mov(at, piece);
        TBlocks.ScaleCode.Begin(code);
    }

    private void Group()
    {
        if (rows == 1)
        {
            // Past the second-level cache, which they would only fill: each weight is read once a step.
            for (int line = 0; line < TLevels.Bytes; line += 64) assembler.prefetchnta(__byte_ptr[code.Levels + (Ahead + line)]);
        }
        TBlocks.ScaleCode.Group(code);
        Start(Lows, 0);
        if (TBlocks.IsHalved) Start(Highs, 1);
        for (int k = 0; k < 8; k++)
        {
            TLevels.Load(code, k, Levels);
            for (int r = 0; r < rows; r++)
                assembler.vpdpbusd((TBlocks.IsHalved && k >= 4 ? Highs : Lows)[r], Levels, __dword_bcst[X(xLevels, r, 0) + 4 * k]);
        }
        for (int r = 0; r < rows; r++) Add(r);
        assembler.add(code.Levels, TLevels.Bytes);
        assembler.add(code.Scales, 32);
        assembler.add(xLevels, 32);
        assembler.add(xScales, 4);
        if (TBlocks.IsHalved) assembler.add(xStarts, 8);
        else assembler.add(xStarts, 4);
    }

    private void Start(AssemblerRegisterZMM[] exact, int half)
    {
        for (int r = 0; r < rows; r++) assembler.vpbroadcastd(exact[r], __dword_ptr[X(xStarts, r, RowPiece.StartsAt) + 4 * half]);
    }

    /// <summary>sum += exact · x's scale · scale + x's sum · shift.</summary>
    private void Add(int r)
    {
        if (TBlocks.IsHalved)
        {
            assembler.vpmulld(Lows[r], Lows[r], code.LowFactor);
            assembler.vpmulld(Highs[r], Highs[r], code.HighFactor);
            assembler.vpaddd(Lows[r], Lows[r], Highs[r]);
        }
        assembler.vcvtdq2ps(Lows[r], Lows[r]);
        assembler.vmulps(Lows[r], Lows[r], __dword_bcst[X(xScales, r, RowPiece.ScalesAt)]);
        assembler.vfmadd231ps(Sums[r], Lows[r], code.Scale);
        if (!TBlocks.HasShifts) return;
        AssemblerMemoryOperand sum = __dword_bcst[X(xScales, r, RowPiece.SumsAt)];
        if (TBlocks.ScaleCode.SubtractsShift) assembler.vfnmadd231ps(Sums[r], code.Shift, sum);
        else assembler.vfmadd231ps(Sums[r], code.Shift, sum);
    }

    private static AssemblerMemoryOperand X(AssemblerRegister64 at, int row, int field) => at + (row * sizeof(RowPiece) + field);
}
