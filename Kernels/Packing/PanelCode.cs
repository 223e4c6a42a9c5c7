using Iced.Intel;
using static Iced.Intel.AssemblerRegisters;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>The registers by which assembled products read panels.</summary>
/// <remarks>A register of 64 bytes holds 16 rows' levels of four columns, or 16 rows' scales.</remarks>
internal sealed class PanelCode(Assembler assembler)
{
    public Assembler Assembler { get; } = assembler;

    /// <summary>Where the next group's levels lie.</summary>
    public AssemblerRegister64 Levels => rax;

    /// <summary>From a panel's first scales on, 32 bytes further with each group.</summary>
    public AssemblerRegister64 Scales => rdx;

    /// <summary>32 bytes for each of the panel's groups.</summary>
    public AssemblerRegister64 GroupBytes => r9;

    public AssemblerRegisterZMM Scale => zmm25;

    public AssemblerRegisterZMM Shift => zmm26;

    /// <summary>A half's factors; panels with them have no <see cref="Shift"/>.</summary>
    public AssemblerRegisterZMM LowFactor => zmm27;

    public AssemblerRegisterZMM HighFactor => zmm28;

    /// <summary>For the whole panel; panels with it have no factors.</summary>
    public AssemblerRegisterZMM PanelScale => zmm27;

    public AssemblerRegisterZMM PanelShift => zmm28;

    public AssemblerRegisterZMM Work => zmm29;

    public AssemblerRegisterZMM Mask => zmm30;

    public AssemblerRegisterZMM UpperMask => zmm31;

    public void Fill(AssemblerRegisterZMM register, byte value)
    {
        Assembler.mov(eax, value);
        Assembler.vpbroadcastb(register, eax);
    }

    /// <summary>Four bits of 64 bytes.</summary>
    /// <param name="k">0 to 7: columns 4k to 4k + 3 of a group.</param>
    public void Nibbles(int k, AssemblerRegisterZMM levels)
    {
        if (k < 4)
        {
            Assembler.vpandd(levels, Mask, __zmmword_ptr[Levels + 64 * k]);
            return;
        }
        Assembler.vpsrlw(levels, __zmmword_ptr[Levels + 64 * (k - 4)], 4);
        Assembler.vpandd(levels, levels, Mask);
    }

    /// <summary>levels |= (bytes shifted to the left by so many bits) &amp; <see cref="UpperMask"/>.</summary>
    public void Upper(AssemblerRegisterZMM levels, AssemblerMemoryOperand bytes, int left)
    {
        const byte FirstOrBoth = 0b1111_1000;
        if (left > 0) Assembler.vpsllw(Work, bytes, (byte)left);
        else if (left < 0) Assembler.vpsrlw(Work, bytes, (byte)-left);
        else Assembler.vmovdqu8(Work, bytes);
        Assembler.vpternlogd(levels, Work, UpperMask, FirstOrBoth);
    }

    /// <summary>16 bytes as float32, times what is given.</summary>
    public void Bytes(AssemblerRegisterZMM product, AssemblerMemoryOperand bytes, AssemblerRegisterZMM times)
    {
        Assembler.vpmovzxbd(product, bytes);
        Assembler.vcvtdq2ps(product, product);
        Assembler.vmulps(product, times, product);
    }
}
