using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;

namespace EdgeVideoLlava.Kernels;

/// <summary>binary16 to float32 and back, in every kernel: CUDA has an instruction for it, everywhere else it is arithmetic on the bits.</summary>
/// <remarks>
/// Both give the same bits, subnormal numbers, infinities and ties included; only a NaN is the instruction's own one (PTX ISA, "cvt"), where the
/// arithmetic keeps sign and payload going up, and the sign going down.
/// </remarks>
internal static class HalfConversion
{
    /// <summary>The lower half of a word, exactly.</summary>
    [IntrinsicImplementation]
    public static float Lower(uint word) => ByBits(word);

    /// <summary>The upper half of a word, exactly.</summary>
    [IntrinsicImplementation]
    public static float Upper(uint word) => UpperByBits(word);

    /// <summary>The nearest half, ties to even; beyond its range infinity.</summary>
    [IntrinsicImplementation]
    public static uint Nearest(float value) => NearestByBits(value);

    /// <summary>For every context that compiles kernels.</summary>
    public static void Register(IntrinsicImplementationManager manager)
    {
        Add(manager, nameof(Lower), nameof(WriteLower), nameof(ByBits));
        Add(manager, nameof(Upper), nameof(WriteUpper), nameof(UpperByBits));
        Add(manager, nameof(Nearest), nameof(WriteNearest), nameof(NearestByBits));
    }

    private static void Add(IntrinsicImplementationManager manager, string method, string text, string arithmetic)
    {
        MethodInfo intrinsic = Method(method);
        manager.RegisterMethod(intrinsic, new PTXIntrinsic(Method(text), IntrinsicImplementationMode.GenerateCode));
        manager.RegisterMethod(intrinsic, new CLIntrinsic(Method(arithmetic), IntrinsicImplementationMode.Redirect));
    }

    private static MethodInfo Method(string name) => typeof(HalfConversion).GetMethod(name, BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)!;

    // ---- arithmetic ------------------------------------------------------------------------------------------------------------
    /// <summary>The exponent is moved by a product, which makes normal numbers of subnormal ones.</summary>
    /// <remarks>The shift brings exponent and fraction to their place beside the sign. What is 65536 or more was infinite or no number.</remarks>
    private static float ByBits(uint half)
    {
        float value = Interop.IntAsFloat((uint)((int)(half << 16) >> 3) & 0x8fffe000u) * 5.192296858534828e33f; // 2^112
        uint bits = Interop.FloatAsInt(value);
        if (XMath.Abs(value) >= 65536f) bits |= 0x7f800000u;
        return Interop.IntAsFloat(bits);
    }

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

    // ---- PTX -------------------------------------------------------------------------------------------------------------------
    private static void WriteLower(PTXBackend backend, PTXCodeGenerator generator, Value value) => WriteHalf(generator, value, upper: false);

    private static void WriteUpper(PTXBackend backend, PTXCodeGenerator generator, Value value) => WriteHalf(generator, value, upper: true);

    private static void WriteHalf(PTXCodeGenerator generator, Value value, bool upper)
    {
        string word = PtxText.Scalar(generator, value[0]), result = PtxText.ScalarResult(generator, value);
        using var low = new PtxText.Half(generator);
        using var high = new PtxText.Half(generator);
        PtxText.Write(generator, $"mov.b32 {{{low.Name}, {high.Name}}}, {word}");
        PtxText.Write(generator, $"cvt.f32.f16 {result}, {(upper ? high : low).Name}");
    }

    private static void WriteNearest(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        string number = PtxText.Scalar(generator, value[0]), result = PtxText.ScalarResult(generator, value);
        using var half = new PtxText.Half(generator);
        PtxText.Write(generator, $"cvt.rn.f16.f32 {half.Name}, {number}");
        PtxText.Write(generator, $"cvt.u32.u16 {result}, {half.Name}");
    }
}
