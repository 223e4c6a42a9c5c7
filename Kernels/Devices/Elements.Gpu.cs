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

    public F8 Eight(ArrayView<U4> memory, int index) => F8.OfFloats(memory[2 * index], memory[2 * index + 1]);
}

internal readonly struct Float16(ushort bits) : IElement<Float16>
{
    private readonly ushort bits = bits;

    public float Value => DeviceMath.HalfToFloat(bits);

    public Float16 From(float value) => new(DeviceMath.FloatToHalf(value));

    public F8 Eight(ArrayView<U4> memory, int index) => F8.OfHalves(memory[index]);
}
