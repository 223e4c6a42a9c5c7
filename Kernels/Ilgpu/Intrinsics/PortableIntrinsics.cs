using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;

/// <summary>Instructions of NVIDIA GPUs that every kernel may use: CUDA's text has them by name, everywhere else they are C#.</summary>
/// <remarks>
/// Both give the same bits, of halves also where they are subnormal, infinite or a tie; only a NaN is the instruction's own one (PTX
/// ISA, "cvt"), where the arithmetic keeps sign and payload on the way up, and the sign on the way down.
/// </remarks>
internal static class PortableIntrinsics
{
    /// <summary>The binary16 number in a word's lower half, exactly: cvt.f32.f16.</summary>
    [IntrinsicImplementation]
    public static float LowerHalf(uint word) => LowerByBits(word);

    /// <summary>The binary16 number in a word's upper half, exactly: cvt.f32.f16.</summary>
    [IntrinsicImplementation]
    public static float UpperHalf(uint word) => UpperByBits(word);

    /// <summary>The nearest binary16 number, ties to even; beyond its range infinity: cvt.rn.f16.f32.</summary>
    [IntrinsicImplementation]
    public static uint NearestHalf(float value) => NearestByBits(value);

    /// <summary>word &amp; mask | others: lop3. The assembler makes it of &amp; and | unless both have constants.</summary>
    [IntrinsicImplementation]
    public static uint MaskedOr(uint word, uint mask, uint others) => MaskedOrByTwo(word, mask, others);

    /// <summary>For every context that compiles kernels.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        Add(manager, nameof(LowerHalf), nameof(WriteLowerHalf), nameof(LowerByBits));
        Add(manager, nameof(UpperHalf), nameof(WriteUpperHalf), nameof(UpperByBits));
        Add(manager, nameof(NearestHalf), nameof(WriteNearestHalf), nameof(NearestByBits));
        Add(manager, nameof(MaskedOr), nameof(WriteMaskedOr), nameof(MaskedOrByTwo));
    }

    private static void Add(IntrinsicImplementationManager manager, string method, string text, string arithmetic)
    {
        MethodInfo intrinsic = Method(method);
        manager.RegisterMethod(intrinsic, new PTXIntrinsic(Method(text), IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(intrinsic, new CLIntrinsic(Method(arithmetic), IntrinsicImplementationMode.Redirect));
    }

    private static MethodInfo Method(string name)
        => typeof(PortableIntrinsics).GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;

    // ---- arithmetic ------------------------------------------------------------------------------------------------------------
    /// <summary>The exponent is moved by a product, which makes normal numbers of subnormal ones.</summary>
    /// <remarks>The shift brings exponent and fraction to their place beside the sign. What is 65536 or more was
    /// infinite or no number.</remarks>
    private static float ByBits(uint half)
    {
        float value = Interop.IntAsFloat((uint)((int)(half << 16) >> 3) & 0x8fffe000u) * 5.192296858534828e33f; // 2^112
        uint bits = Interop.FloatAsInt(value);
        if (XMath.Abs(value) >= 65536f) bits |= 0x7f800000u;
        return Interop.IntAsFloat(bits);
    }

    private static float LowerByBits(uint word) => ByBits(word & 0xffffu);

    private static float UpperByBits(uint word) => ByBits(word >> 16);

    /// <remarks>
    /// subnormal results: adding 1/2 lets the addition round, and leaves them in the low bits
    /// normal ones: half a unit less one of the last place plus its parity, then the bias of the exponent, all in one wrapping sum
    /// </remarks>
    private static uint NearestByBits(float value)
    {
        uint bits = Interop.FloatAsInt(value), sign = bits >> 16 & 0x8000u, half;
        bits &= 0x7fffffffu;
        if (bits >= 0x47800000u) half = bits > 0x7f800000u ? 0x7e00u : 0x7c00u;
        else if (bits < 0x38800000u) half = Interop.FloatAsInt(Interop.IntAsFloat(bits) + 0.5f) - 0x3f000000u;
        else half = bits + 0xc8000fffu + (bits >> 13 & 1u) >> 13;
        return half | sign;
    }

    private static uint MaskedOrByTwo(uint word, uint mask, uint others) => word & mask | others;

    // ---- PTX -------------------------------------------------------------------------------------------------------------------
    private static void WriteLowerHalf(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => WriteHalf(generator, value, upper: false);

    private static void WriteUpperHalf(PTXBackend backend, PTXCodeGenerator generator, Value value)
        => WriteHalf(generator, value, upper: true);

    private static void WriteHalf(PTXCodeGenerator generator, Value value, bool upper)
    {
        string word = PtxText.Scalar(generator, value[0]), result = PtxText.ScalarResult(generator, value);
        using var low = new PtxText.Half(generator);
        using var high = new PtxText.Half(generator);
        PtxText.Write(generator, $"mov.b32 {{{low.Name}, {high.Name}}}, {word}");
        PtxText.Write(generator, $"cvt.f32.f16 {result}, {(upper ? high : low).Name}");
    }

    private static void WriteNearestHalf(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string number = PtxText.Scalar(generator, value[0]), result = PtxText.ScalarResult(generator, value);
        using var half = new PtxText.Half(generator);
        PtxText.Write(generator, $"cvt.rn.f16.f32 {half.Name}, {number}");
        PtxText.Write(generator, $"cvt.u32.u16 {result}, {half.Name}");
    }

    private static void WriteMaskedOr(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string word = PtxText.Scalar(generator, value[0]);
        string mask = PtxText.Scalar(generator, value[1]);
        string others = PtxText.Scalar(generator, value[2]);
        PtxText.Write(generator, $"lop3.b32 {PtxText.ScalarResult(generator, value)}, {word}, {mask}, {others}, 0xea");
    }
}
