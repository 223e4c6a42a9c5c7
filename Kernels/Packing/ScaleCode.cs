using static Iced.Intel.AssemblerRegisters;

namespace EdgeVideoLlava.Kernels.Packing;

/// <summary>The instructions that read a panel's scales: the same numbers as <see cref="IIntegerBlocks.UnpackScales"/>.</summary>
internal abstract class ScaleCode
{
    /// <summary>A half for each row and group.</summary>
    public static ScaleCode Halves { get; } = new HalfScales(false);

    /// <summary>Then as many shifts.</summary>
    public static ScaleCode HalvesAndShifts { get; } = new HalfScales(true);

    /// <summary>See <see cref="PanelScales.PackAffine"/>.</summary>
    public static ScaleCode Affine { get; } = new AffineScales();

    /// <summary>A half for each row, signed bytes for each half of a group.</summary>
    public static ScaleCode Factors { get; } = new FactoredScales();

    /// <summary>What <see cref="PanelCode.Shift"/> is multiplied with is taken away.</summary>
    public virtual bool SubtractsShift => false;

    /// <summary>Before a panel's first group.</summary>
    public virtual void Begin(PanelCode code)
    {
    }

    public abstract void Group(PanelCode code);

    private sealed class HalfScales(bool shifts) : ScaleCode
    {
        public override void Group(PanelCode code)
        {
            code.Assembler.vcvtph2ps(code.Scale, __ymmword_ptr[code.Scales]);
            if (shifts) code.Assembler.vcvtph2ps(code.Shift, __ymmword_ptr[code.Scales + code.GroupBytes]);
        }
    }

    private sealed class AffineScales : ScaleCode
    {
        public override bool SubtractsShift => true;

        public override void Begin(PanelCode code)
        {
            code.Assembler.vcvtph2ps(code.PanelScale, __ymmword_ptr[code.Scales]);
            code.Assembler.vcvtph2ps(code.PanelShift, __ymmword_ptr[code.Scales + 32]);
        }

        public override void Group(PanelCode code)
        {
            code.Bytes(code.Scale, __xmmword_ptr[code.Scales + 64], code.PanelScale);
            code.Bytes(code.Shift, __xmmword_ptr[code.Scales + 80], code.PanelShift);
        }
    }

    private sealed class FactoredScales : ScaleCode
    {
        public override void Begin(PanelCode code) => code.Assembler.vcvtph2ps(code.Scale, __ymmword_ptr[code.Scales]);

        public override void Group(PanelCode code)
        {
            code.Assembler.vpmovsxbd(code.LowFactor, __xmmword_ptr[code.Scales + 32]);
            code.Assembler.vpmovsxbd(code.HighFactor, __xmmword_ptr[code.Scales + 48]);
        }
    }
}
