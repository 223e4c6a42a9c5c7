using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using ILGPU;

namespace EdgeVideoLlava.Kernels.Ilgpu.Views;

/// <summary>A number as a matrix on an accelerator holds it. A type argument, so that one text reads all of them.</summary>
internal interface IStoredElement<TSelf> where TSelf : unmanaged
{
    float Value { get; }

    /// <summary>The nearest number of this type.</summary>
    TSelf From(float value);

    /// <summary>Elements 8 · index and the seven after it, from memory that begins at a multiple of 16 bytes.</summary>
    F8 Eight(ArrayView<U4> memory, int index);
}

/// <summary>The types of activations: a kernel of a T that is one is compiled for float32 and for binary16.</summary>
internal interface IElement<TSelf> : IStoredElement<TSelf> where TSelf : unmanaged;

internal readonly struct Float32(float value) : IElement<Float32>
{
    private readonly float value = value;

    public float Value => value;

    public Float32 From(float value) => new(value);

    public F8 Eight(ArrayView<U4> memory, int index) => F8.OfFloats(memory[2 * index], memory[2 * index + 1]);
}

/// <summary>A level of <c>SignedBytes</c>: its number without the scale.</summary>
internal readonly struct Int8(sbyte level) : IStoredElement<Int8>
{
    private readonly sbyte level = level;

    public float Value => level;

    public Int8 From(float value) => new((sbyte)(int)value);

    public F8 Eight(ArrayView<U4> memory, int index)
    {
        U4 sixteen = memory[index >> 1];
        return (index & 1) == 0 ? Levels.OfBytes(sixteen.X, sixteen.Y) : Levels.OfBytes(sixteen.Z, sixteen.W);
    }
}

internal readonly struct Float16(ushort bits) : IElement<Float16>
{
    private readonly ushort bits = bits;

    public float Value => DeviceMath.HalfToFloat(bits);

    public Float16 From(float value) => new(DeviceMath.FloatToHalf(value));

    public F8 Eight(ArrayView<U4> memory, int index) => F8.OfHalves(memory[index]);
}
