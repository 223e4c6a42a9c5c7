using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeVideoLlava.Runtime.Diagnostics;

/// <summary>What the processor can do at best, measured: the yardstick of `edge bench`.</summary>
/// <param name="FlopPerSecond">Fused multiply-adds in registers: best of 10 runs, 12 independent chains, widest vectors, all threads; 2 FLOP each.</param>
/// <param name="BytesPerSecond">Reading: best of 5 sums over 1 GiB by all threads.</param>
public sealed record MachinePeaks(double FlopPerSecond, double BytesPerSecond)
{
    private const int Chains = 12, Steps = 2_000_000;
    private const long ReadBytes = 1L << 30;

    // What is computed is stored, so that no compiler leaves it out.
    private static volatile float sink;

    public static MachinePeaks Measure(int threads)
        => new(Best(10, threads, _ => sink = Fma(), 2.0 * Chains * Steps * Lanes * threads), MeasureReading(threads));

    private static int Lanes => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    private static unsafe double MeasureReading(int threads)
    {
        byte* block = (byte*)NativeMemory.AlignedAlloc((nuint)ReadBytes, 64);
        try
        {
            long share = ReadBytes / threads / 4096 * 4096;
            NativeMemory.Fill(block, (nuint)ReadBytes, 1);
            var address = (nint)block;
            return Best(5, threads, thread => sink = Sum((float*)address + share / sizeof(float) * thread, share / sizeof(float)), (double)share * threads);
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }

    /// <summary>The best rate of several runs in which all threads start together and the last one counts.</summary>
    private static double Best(int runs, int threads, Action<int> work, double amount)
    {
        double best = 0;
        for (int run = 0; run < runs; run++)
        {
            using var start = new Barrier(threads);
            long began = long.MaxValue, ended = 0;
            var workers = new Thread[threads];
            var gate = new Lock();
            for (int i = 0; i < threads; i++)
            {
                int thread = i;
                workers[i] = new Thread(() =>
                {
                    start.SignalAndWait();
                    long first = Stopwatch.GetTimestamp();
                    work(thread);
                    long last = Stopwatch.GetTimestamp();
                    lock (gate) (began, ended) = (Math.Min(began, first), Math.Max(ended, last));
                });
                workers[i].Start();
            }
            foreach (Thread worker in workers) worker.Join();
            best = Math.Max(best, amount / Stopwatch.GetElapsedTime(began, ended).TotalSeconds);
        }
        return best;
    }

    private static float Fma() => Vector512.IsHardwareAccelerated ? Fma512() : Vector256.IsHardwareAccelerated ? Fma256() : Fma128();

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fma512()
    {
        Vector512<float> m = Vector512.Create(0.9999f), k = Vector512.Create(1e-6f);
        Vector512<float> a = k, b = k, c = k, d = k, e = k, f = k, g = k, h = k, i = k, j = k, l = k, o = k;
        for (int n = 0; n < Steps; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, m, k); b = Vector512.FusedMultiplyAdd(b, m, k); c = Vector512.FusedMultiplyAdd(c, m, k);
            d = Vector512.FusedMultiplyAdd(d, m, k); e = Vector512.FusedMultiplyAdd(e, m, k); f = Vector512.FusedMultiplyAdd(f, m, k);
            g = Vector512.FusedMultiplyAdd(g, m, k); h = Vector512.FusedMultiplyAdd(h, m, k); i = Vector512.FusedMultiplyAdd(i, m, k);
            j = Vector512.FusedMultiplyAdd(j, m, k); l = Vector512.FusedMultiplyAdd(l, m, k); o = Vector512.FusedMultiplyAdd(o, m, k);
        }
        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + l + o);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fma256()
    {
        Vector256<float> m = Vector256.Create(0.9999f), k = Vector256.Create(1e-6f);
        Vector256<float> a = k, b = k, c = k, d = k, e = k, f = k, g = k, h = k, i = k, j = k, l = k, o = k;
        for (int n = 0; n < Steps; n++)
        {
            a = Vector256.FusedMultiplyAdd(a, m, k); b = Vector256.FusedMultiplyAdd(b, m, k); c = Vector256.FusedMultiplyAdd(c, m, k);
            d = Vector256.FusedMultiplyAdd(d, m, k); e = Vector256.FusedMultiplyAdd(e, m, k); f = Vector256.FusedMultiplyAdd(f, m, k);
            g = Vector256.FusedMultiplyAdd(g, m, k); h = Vector256.FusedMultiplyAdd(h, m, k); i = Vector256.FusedMultiplyAdd(i, m, k);
            j = Vector256.FusedMultiplyAdd(j, m, k); l = Vector256.FusedMultiplyAdd(l, m, k); o = Vector256.FusedMultiplyAdd(o, m, k);
        }
        return Vector256.Sum(a + b + c + d + e + f + g + h + i + j + l + o);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float Fma128()
    {
        Vector128<float> m = Vector128.Create(0.9999f), k = Vector128.Create(1e-6f);
        Vector128<float> a = k, b = k, c = k, d = k, e = k, f = k, g = k, h = k, i = k, j = k, l = k, o = k;
        for (int n = 0; n < Steps; n++)
        {
            a = Vector128.FusedMultiplyAdd(a, m, k); b = Vector128.FusedMultiplyAdd(b, m, k); c = Vector128.FusedMultiplyAdd(c, m, k);
            d = Vector128.FusedMultiplyAdd(d, m, k); e = Vector128.FusedMultiplyAdd(e, m, k); f = Vector128.FusedMultiplyAdd(f, m, k);
            g = Vector128.FusedMultiplyAdd(g, m, k); h = Vector128.FusedMultiplyAdd(h, m, k); i = Vector128.FusedMultiplyAdd(i, m, k);
            j = Vector128.FusedMultiplyAdd(j, m, k); l = Vector128.FusedMultiplyAdd(l, m, k); o = Vector128.FusedMultiplyAdd(o, m, k);
        }
        return Vector128.Sum(a + b + c + d + e + f + g + h + i + j + l + o);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe float Sum(float* numbers, long count)
    {
        Vector512<float> a = default, b = default, c = default, d = default;
        for (long i = 0; i + 64 <= count; i += 64)
        {
            a += Vector512.Load(numbers + i);
            b += Vector512.Load(numbers + i + 16);
            c += Vector512.Load(numbers + i + 32);
            d += Vector512.Load(numbers + i + 48);
        }
        return Vector512.Sum(a + b + c + d);
    }
}
