using System.Numerics;
using System.Reflection;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.IR.Intrinsics;

namespace EdgeVideoLlava.Tests.Unit.Architecture;

/// <summary>Kernels with one forbidden construct each, and a few with none. They are read, never compiled for a device.</summary>
#pragma warning disable CA1859, CA2211, IDE0044 // what these advise against is the point here
internal static class PlantedConstructs
{
    private static readonly int[] Table = [1, 2, 3];
    private static readonly object Thing = new();
    private static int changing = 1;

    public static MethodBase Find(string name)
    {
        MethodInfo method = typeof(PlantedConstructs).GetMethod(name)!;
        return method.IsGenericMethodDefinition ? method.MakeGenericMethod(name == nameof(ThrowInFunctor) ? typeof(Thrower)
            : typeof(Doubler)) : method;
    }

    public static void Throw(Index1D i, ArrayView<int> v)
    {
        if (i > 9) throw new InvalidOperationException();
        v[i] = 1;
    }

    public static void ThrowInHelper(Index1D i, ArrayView<int> v) => v[i] = Helper(i);

    public static void ThrowInFunctor<T>(Index1D i, ArrayView<int> v) where T : unmanaged, IFunctor => v[i] = default(T).Apply(i);

    public static void Try(Index1D i, ArrayView<int> v)
    {
        try { v[i] = 1; }
        finally { v[i] += 1; }
    }

    public static void SpanOfLocals(Index1D i, ArrayView<int> v)
    {
        int one = i;
        var span = new Span<int>(ref one);
        v[i] = span[0];
    }

    public static void ConstantSpan(Index1D i, ArrayView<int> v)
    {
        ReadOnlySpan<byte> levels = [1, 2, 3, 4];
        v[i] = levels[i];
    }

    public static unsafe void StackAlloc(Index1D i, ArrayView<int> v)
    {
        int* four = stackalloc int[4];
        v[i] = four[i];
    }

    public static void Class(Index1D i, ArrayView<int> v) => v[i] = new Version(i, 1).Major;

    public static void Boxing(Index1D i, ArrayView<int> v)
    {
        object boxed = i.X;
        v[i] = boxed == null ? 0 : 1;
    }

    public static void ArrayOfVariableSize(Index1D i, ArrayView<int> v)
    {
        int[] many = new int[v.IntLength];
        v[i] = many[i];
    }

    public static void Closure(Index1D i, ArrayView<int> v)
    {
        int captured = i;
        Func<int> get = () => captured;
        v[i] = get();
    }

    public static void Virtual(Index1D i, ArrayView<int> v) => Virtual(v, null!);

    public static void Text(Index1D i, ArrayView<int> v) => v[i] = "text"[i];

    public static void Clamp(Index1D i, ArrayView<int> v) => v[i] = Math.Clamp(i, 0, 9);

    public static void Bits(Index1D i, ArrayView<float> v) => v[i] = BitConverter.SingleToUInt32Bits(v[i]);

    public static void Fused(Index1D i, ArrayView<float> v) => v[i] = MathF.FusedMultiplyAdd(v[i], 2, 3);

    public static void Sign(Index1D i, ArrayView<float> v) => v[i] = MathF.CopySign(v[i], -1);

    public static void Tanh(Index1D i, ArrayView<float> v) => v[i] = XMath.Tanh(v[i]);

    public static void Sin(Index1D i, ArrayView<float> v) => v[i] = XMath.Sin(v[i]);

    public static void Cos(Index1D i, ArrayView<float> v) => v[i] = MathF.Cos(v[i]);

    public static void SystemHalf(Index1D i, ArrayView<float> v) => v[i] = (float)(System.Half)v[i];

    public static void IlgpuHalf(Index1D i, ArrayView<ILGPU.Half> v, ArrayView<float> w) => w[i] = v[i];

    public static void IlgpuHalfOne(Index1D i, ArrayView<float> v) => v[i] = ILGPU.Half.One;

    public static void Decimal(Index1D i, ArrayView<int> v) => v[i] = (int)(v[i] * 1.5m);

    public static void FourOfTheRuntime(Index1D i, ArrayView<float> v) => v[i] = new Vector4(1, 2, 3, v[i]).Z;

    public static void MutableStatic(Index1D i, ArrayView<int> v) => v[i] = changing;

    public static void StoredStatic(Index1D i, ArrayView<int> v) => changing = v[i];

    public static void StaticArray(Index1D i, ArrayView<int> v) => v[i] = Table[i];

    public static void StaticObject(Index1D i, ArrayView<int> v) => v[i] = Thing == null ? 1 : 0;

    public static void WarpShuffle(ArrayView<int> v) => v[Group.IdxX] = Warp.ShuffleXor(v[Group.IdxX], 1);

    public static void DynamicShared(ArrayView<int> v) => v[Group.IdxX] = SharedMemory.GetDynamic<int>()[Group.IdxX];

    public static void Atomically(ArrayView<int> v) => Atomic.Add(ref v[0], 1);

    public static void Broadcast(ArrayView<int> v) => v[Group.IdxX] = Group.Broadcast(v[Group.IdxX], 0);

    public static void LongIndex(LongIndex1D i, ArrayView<int> v) => v[i] = 1;

    public static void Unknown(Index1D i, ArrayView<int> v) => v[i] = BitOperations.Log2((uint)v[i]);

    public static void ArrayBesideIntrinsic(ArrayView<int> v)
    {
        int[] four = new int[4];
        four[Group.IdxX] = 1;
        v[Group.IdxX] = Intrinsic(four[0]);
    }

    public static void LocalMemoryBesideIntrinsic(ArrayView<int> v) => v[Group.IdxX] = Intrinsic(LocalMemory.Allocate<int>(4)[Group.IdxX]);

    public static void Plain(ArrayView<float> v)
    {
        ArrayView<float> shared = SharedMemory.Allocate<float>(32);
        int at = Group.IdxX;
        shared[at] = MathF.Abs(v[at]);
        Group.Barrier();
        (float a, float b) = (shared[31 - at], XMath.Max(shared[at], XMath.Exp(shared[at])));
        v[at] = a + Interop.IntAsFloat(Interop.FloatAsInt(b));
        v[(long)at] = a;
    }

    public static void ArrayOfConstantSize(Index1D i, ArrayView<int> v)
    {
        int[] four = new int[4];
        for (int j = 0; j < 4; j++) four[j] = v[i] + j;
        v[i] = four[v[i] & 3];
    }

    /// <summary>A tensor-core kernel may use the warp; its intrinsic's body anything.</summary>
    public static void WarpBesideIntrinsic(ArrayView<int> v) => v[Group.IdxX] = Intrinsic(Warp.ShuffleXor(v[Group.IdxX], 1));

    public static void ThroughFunctor<T>(Index1D i, ArrayView<int> v) where T : unmanaged, IFunctor => v[i] = default(T).Apply(i);

    private static int Helper(int x) => x > 9 ? throw new InvalidOperationException() : x;

    private static void Virtual(ArrayView<int> v, Base thing) => v[0] = thing.Virtual();

    [IntrinsicImplementation]
    private static int Intrinsic(int x) => x > 9 ? throw new InvalidOperationException() : new[] { 1, 2, x }[2];

    internal interface IFunctor
    {
        int Apply(int x);
    }

    private struct Thrower : IFunctor
    {
        public readonly int Apply(int x) => x > 9 ? throw new InvalidOperationException() : x;
    }

    private struct Doubler : IFunctor
    {
        public readonly int Apply(int x) => 2 * x;
    }

    private class Base
    {
        public virtual int Virtual() => 1;
    }
}
