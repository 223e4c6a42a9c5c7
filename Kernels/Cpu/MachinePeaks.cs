using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Kernels.Cpu.Simd;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Kernels.Cpu;

/// <summary>What the processor can do at best: the measure that benchmarks are held against.</summary>
/// <param name="Threads">Threads used.</param>
/// <param name="FlopsPerSecond">float32 operations a second: multiply-adds (2 each) on registers of the widest kind,
/// 12 independent chains a thread.</param>
/// <param name="ReadBytesPerSecond">Bytes a second when 1 GiB is summed.</param>
internal sealed unsafe record MachinePeaks(int Threads, double FlopsPerSecond, double ReadBytesPerSecond)
{
    private const int Runs = 10;
    private const long Floats = (1L << 30) / sizeof(float);

    /// <summary>Measures both, the best of 10 runs each; takes about two seconds and 1 GiB.</summary>
    /// <param name="threads">0 = one for each core.</param>
    /// <exception cref="DeviceFailedException">Less than 1 GiB is free.</exception>
    public static MachinePeaks Measure(int threads = 0)
    {
        using var device = new CpuDevice(threads);
        // One piece more than is summed: the sums go into the first one.
        using DeviceBuffer buffer = device.Allocate(StorageType.F32, Floats + Sums.Length);
        float* memory = (float*)((CpuBuffer)buffer).Address;
        NativeMemory.Fill(memory, (nuint)((Floats + Sums.Length) * sizeof(float)), 1);
        int lanes = SimdWidths.Lanes(device.Workers.Width), pieces = device.Threads * 16;
        double chains = Best(() => device.Workers.For(new Chains(memory), pieces));
        double sums = Best(() => device.Workers.For(new Sums(memory, memory + Sums.Length), (int)(Floats / Sums.Length)));
        return new MachinePeaks(device.Threads, 2.0 * pieces * Chains.Steps * Chains.Count * lanes / chains, Floats * sizeof(float) / sums);
    }

    private static double Best(Action run)
    {
        double best = double.PositiveInfinity;
        for (int i = 0; i < Runs; i++)
        {
            long started = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return best;
    }

    /// <summary>Twelve chains of multiply-adds that never leave the registers.</summary>
    private readonly struct Chains(float* sink) : ICpuJob
    {
        public const int Steps = 200_000, Count = 12;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            V m = V.All(0.9999f), k = V.All(1e-6f);
            V a = k, b = k, c = k, d = k, e = k, f = k, g = k, h = k, i = k, j = k, o = k, p = k;
            for (long step = (long)(end - begin) * Steps; step > 0; step--)
            {
                a = V.MultiplyAdd(a, m, k);
                b = V.MultiplyAdd(b, m, k);
                c = V.MultiplyAdd(c, m, k);
                d = V.MultiplyAdd(d, m, k);
                e = V.MultiplyAdd(e, m, k);
                f = V.MultiplyAdd(f, m, k);
                g = V.MultiplyAdd(g, m, k);
                h = V.MultiplyAdd(h, m, k);
                i = V.MultiplyAdd(i, m, k);
                j = V.MultiplyAdd(j, m, k);
                o = V.MultiplyAdd(o, m, k);
                p = V.MultiplyAdd(p, m, k);
            }
            (a + b + c + d + e + f + g + h + i + j + o + p).Store(sink);
        }
    }

    private readonly struct Sums(float* sink, float* memory) : ICpuJob
    {
        public const int Length = 1 << 20;

        public void Execute<V>(int begin, int end) where V : unmanaged, ILanes<V>
        {
            V sum = V.Zero;
            for (int piece = begin; piece < end; piece++) sum += Piece<V>(memory + (long)piece * Length);
            sum.Store(sink);
        }

        private static V Piece<V>(float* at) where V : unmanaged, ILanes<V>
        {
            V a = V.Zero, b = V.Zero, c = V.Zero, d = V.Zero;
            for (float* end = at + Length; at < end; at += 4 * V.Count)
            {
                a += V.Load(at);
                b += V.Load(at + V.Count);
                c += V.Load(at + 2 * V.Count);
                d += V.Load(at + 3 * V.Count);
            }
            return a + b + (c + d);
        }
    }
}
