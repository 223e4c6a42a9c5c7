using ILGPU;

namespace EdgeVideoLlava.Kernels;

/// <summary>A number as a matrix on an accelerator holds it. A type argument of kernels, so that one text reads float32 and binary16.</summary>
internal interface IElement<TSelf> where TSelf : unmanaged
{
    float Value { get; }

    /// <summary>The nearest number of this type.</summary>
    TSelf From(float value);

    /// <summary>Elements 8 · index and the seven after it, from memory that begins at a multiple of 16 bytes.</summary>
    F8 Eight(ArrayView<U4> memory, int index);
}

internal readonly struct Float32(float value) : IElement<Float32>
{
    private readonly float value = value;

    public float Value => value;

    public Float32 From(float value) => new(value);

    public F8 Eight(ArrayView<U4> memory, int index)
    {
        U4 a = memory[2 * index], b = memory[2 * index + 1];
        return new F8
        {
            X0 = Interop.IntAsFloat(a.X),
            X1 = Interop.IntAsFloat(a.Y),
            X2 = Interop.IntAsFloat(a.Z),
            X3 = Interop.IntAsFloat(a.W),
            X4 = Interop.IntAsFloat(b.X),
            X5 = Interop.IntAsFloat(b.Y),
            X6 = Interop.IntAsFloat(b.Z),
            X7 = Interop.IntAsFloat(b.W),
        };
    }
}

internal readonly struct Float16(ushort bits) : IElement<Float16>
{
    private readonly ushort bits = bits;

    public float Value => DeviceMath.HalfToFloat(bits);

    public Float16 From(float value) => new(DeviceMath.FloatToHalf(value));

    public F8 Eight(ArrayView<U4> memory, int index)
    {
        U4 w = memory[index];
        return new F8
        {
            X0 = DeviceMath.HalfToFloat(w.X & 0xffffu),
            X1 = DeviceMath.HalfToFloat(w.X >> 16),
            X2 = DeviceMath.HalfToFloat(w.Y & 0xffffu),
            X3 = DeviceMath.HalfToFloat(w.Y >> 16),
            X4 = DeviceMath.HalfToFloat(w.Z & 0xffffu),
            X5 = DeviceMath.HalfToFloat(w.Z >> 16),
            X6 = DeviceMath.HalfToFloat(w.W & 0xffffu),
            X7 = DeviceMath.HalfToFloat(w.W >> 16),
        };
    }
}
