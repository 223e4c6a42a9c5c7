using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.MatMul;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Benchmarks.Peers;

/// <summary>The same work by libtorch and by the CPU device, in one process, on the same threads and the same
/// numbers, turn by turn.</summary>
internal sealed unsafe class Comparison(int threads) : IDisposable
{
    private const int Turns = 12;

    private readonly CpuDevice device = new(threads);
    private readonly Random random = new(1);
    private ComputeQueue? queue;

    private ComputeQueue Queue => queue ??= device.CreateQueue();

    /// <summary>x (rows, columns) times a weight (outputs, columns); libtorch reads the weight as its linear layer does.</summary>
    public void Linear(string name, int rows, int columns, int outputs, StorageType type, bool bias)
    {
        float* w = Numbers((long)outputs * columns);
        float* x = Numbers((long)rows * columns);
        float* b = Numbers(outputs);
        float* y = Numbers((long)rows * outputs);
        nint tx = Libtorch.Tensor(x, [rows, columns]), tw = Libtorch.Tensor(w, [columns, outputs], [1, columns]);
        nint ty = Libtorch.Tensor(y, [rows, outputs]), tb = Libtorch.Tensor(b, [outputs]);
        void* stored = type == StorageType.F32 ? w : Halves(w, (long)outputs * columns);
        using Weight weight = device.LoadWeight("w", type, columns, new HostRows((nint)stored, outputs));
        Matrix input = Upload(x, rows, columns), output = device.AllocateMatrix(rows, outputs), biases = Upload(b, 1, outputs);
        Run(name, 2.0 * rows * columns * outputs, type.Bytes((long)outputs * columns), 4L * outputs * columns,
            () =>
            {
                if (bias) Libtorch.Linear(ty, tb, tx, tw);
                else Libtorch.MatMul(ty, tx, tw);
            },
            () => EdgeVideoLlava.Kernels.MatMul.Linear.Run(Queue, weight, input, output, bias ? new Epilogue(biases) : default));
        Agree(name, Queue.Read(output), y, rows * (long)outputs, type == StorageType.F32 ? 1e-3 : 0.1);
    }

    /// <summary>Attention of one sequence, heads of a size; keys and queries from the same numbers.</summary>
    public void Attention(string name, int heads, int length, int headSize, bool causal)
    {
        // libtorch takes (1, heads, length, head size); ours are rows of all heads. Both read the same memory.
        int columns = heads * headSize;
        float* qkv = Numbers((long)length * 3 * columns);
        long[] shape = [1, heads, length, headSize], strides = [(long)length * 3 * columns, headSize, 3 * columns, 1];
        nint q = Libtorch.Tensor(qkv, shape, strides), k = Libtorch.Tensor(qkv + columns, shape, strides);
        nint v = Libtorch.Tensor(qkv + 2 * columns, shape, strides);
        Matrix input = Upload(qkv, length, 3 * columns), output = device.AllocateMatrix(length, columns);
        IntVector positions = device.AllocateInts(length);
        Queue.Write([.. Enumerable.Range(0, length)], positions);
        Run(name, 4.0 * heads * length * length * headSize / (causal ? 2 : 1), 0, 0, () => Libtorch.Attention(q, k, v, causal),
            () =>
            {
                Matrix Part(int i) => input.ColumnRange(i * columns, columns);
                if (causal) CausalAttention.Run(Queue, Part(0), Part(1), Part(2), positions, headSize, output);
                else FullAttention.Run(Queue, input, SequenceLayout.Spatial(1, length), heads, output);
            });
    }

    /// <summary>The two products of a linear layer's backward: dx = dz w, dw = dzᵀ x.</summary>
    public void LinearBackward(string name, int rows, int columns, int outputs)
    {
        float* w = Numbers((long)outputs * columns), x = Numbers((long)rows * columns), dz = Numbers((long)rows * outputs);
        float* dx = Numbers((long)rows * columns), dw = Numbers((long)outputs * columns);
        nint tdx = Libtorch.Tensor(dx, [rows, columns]), tdz = Libtorch.Tensor(dz, [rows, outputs]);
        nint tw = Libtorch.Tensor(w, [outputs, columns]), tx = Libtorch.Tensor(x, [rows, columns]);
        nint tdw = Libtorch.Tensor(dw, [outputs, columns]), turned = Libtorch.Tensor(dz, [outputs, rows], [1, outputs]);
        Matrix weight = Upload(w, outputs, columns), input = Upload(x, rows, columns), gradient = Upload(dz, rows, outputs);
        Matrix ofInput = device.AllocateMatrix(rows, columns), ofWeight = device.AllocateMatrix(outputs, columns);
        double flops = 2.0 * rows * columns * outputs;
        Run($"{name} dx", flops, 0, 0, () => Libtorch.MatMul(tdx, tdz, tw),
            () => PlainProduct.Run(Queue, gradient, false, weight, ofInput, false));
        Agree(name, Queue.Read(ofInput), dx, rows * (long)columns, 1e-2);
        Run($"{name} dw", flops, 0, 0, () => Libtorch.MatMul(tdw, turned, tx),
            () => PlainProduct.Run(Queue, gradient, true, input, ofWeight, false));
        Agree(name, Queue.Read(ofWeight), dw, outputs * (long)columns, 1e-2);
    }

    /// <summary>The backward of one sequence's attention, both from what their own forwards kept.</summary>
    public void AttentionBackward(string name, int heads, int length, int headSize, bool causal)
    {
        int columns = heads * headSize;
        float* qkv = Numbers((long)length * 3 * columns), dy = Numbers((long)length * columns);
        long[] shape = [1, heads, length, headSize], strides = [(long)length * 3 * columns, headSize, 3 * columns, 1];
        nint q = Libtorch.Tensor(qkv, shape, strides), k = Libtorch.Tensor(qkv + columns, shape, strides);
        nint v = Libtorch.Tensor(qkv + 2 * columns, shape, strides);
        nint tdy = Libtorch.Tensor(dy, shape, [(long)length * columns, headSize, columns, 1]);
        (nint output, nint logSums) = Libtorch.KeptAttention(q, k, v, causal);
        Matrix input = Upload(qkv, length, 3 * columns), y = device.AllocateMatrix(length, columns);
        Matrix sums = device.AllocateMatrix(length, heads), gradient = Upload(dy, length, columns);
        Matrix d = device.AllocateMatrix(length, 3 * columns);
        IntVector positions = device.AllocateInts(length);
        Queue.Write([.. Enumerable.Range(0, length)], positions);
        int[] lengths = [length];
        var layout = SequenceLayout.Spatial(1, length);
        if (causal) CausalSequences.Run(Queue, input, lengths, positions, heads, y, sums);
        else FullAttention.Run(Queue, input, layout, heads, y, sums);
        Run(name, 10.0 * heads * length * length * headSize / (causal ? 2 : 1), 0, 0,
            () => Libtorch.AttentionBackward(tdy, q, k, v, output, logSums, causal), () =>
            {
                if (causal) CausalSequences.Backward(Queue, input, lengths, positions, heads, y, sums, gradient, d);
                else FullAttention.Backward(Queue, input, layout, heads, y, sums, gradient, d);
            });
    }

    /// <summary>The whole video tower, against the sum of libtorch's linear layers and spatial attentions of the same
    /// shapes (nothing else of its tower counted).</summary>
    public void Tower(double peak)
    {
        const int rows = 8 * 257, d = 1024, f = 4096;
        float* x = Numbers((long)rows * f);
        float* w = Numbers((long)f * d);
        float* b = Numbers(f);
        float* y = Numbers((long)rows * f);
        float* qkv = Numbers((long)rows * 3 * d);
        nint tb(int outputs) => Libtorch.Tensor(b, [outputs]);
        (nint Y, nint B, nint X, nint W) Layer(int columns, int outputs)
            => (Libtorch.Tensor(y, [rows, outputs]), tb(outputs), Libtorch.Tensor(x, [rows, columns]),
                Libtorch.Tensor(w, [columns, outputs], [1, columns]));
        (nint Y, nint B, nint X, nint W)[] layers = [Layer(d, 3 * d), Layer(d, d), Layer(d, 3 * d), Layer(d, d), Layer(d, f), Layer(f, d)];
        long[] shape = [8, 16, 257, 64], strides = [257 * 3 * d, 64, 3 * d, 1];
        nint q = Libtorch.Tensor(qkv, shape, strides), k = Libtorch.Tensor(qkv + d, shape, strides),
            v = Libtorch.Tensor(qkv + 2 * d, shape, strides);
        using VideoLlava model = VideoLlava.Synthetic(SyntheticCheckpoint.Video7B(languageLayers: 1), StorageType.F16, device);
        var benchmark = new ModelBenchmark(model, repetitions: 1);
        double layer = double.PositiveInfinity, ours = double.PositiveInfinity, flop = 0;
        for (int turn = 0; turn < 3; turn++)
        {
            layer = Math.Min(layer, Time(() =>
            {
                foreach ((nint Y, nint B, nint X, nint W) in layers) Libtorch.Linear(Y, B, X, W);
                Libtorch.Attention(q, k, v, causal: false);
            }));
            BenchmarkResult encode = benchmark.Encode();
            (ours, flop) = (Math.Min(ours, encode.Mean), encode.Flop);
        }
        double theirs = layer * model.Config.VideoTower.FeatureLayers;
        Console.WriteLine(
            $"ViT-L/14 and projector, 8 frames: {ours:F2} s, {flop / ours / 1e9:F0} GFLOP/s, {flop / ours / peak:P0} of the peak; "
            + $"libtorch's layers {theirs:F2} s, ours/torch {theirs / ours:F2}");
    }

    public void Dispose()
    {
        queue?.Dispose();
        device.Dispose();
    }

    private static void Run(string name, double flops, long ourBytes, long theirBytes, Action theirs, Action ours)
    {
        double best = double.PositiveInfinity, peer = double.PositiveInfinity;
        for (int turn = 0; turn < Turns; turn++)
        {
            peer = Math.Min(peer, Time(theirs));
            best = Math.Min(best, Time(ours));
        }
        string memory = ourBytes > 0 ? $"{theirBytes / peer / 1e9,7:F1} {ourBytes / best / 1e9,7:F1}" : $"{"",15}";
        Console.WriteLine(
            $"{name,-32} {peer * 1e3,9:F2} {best * 1e3,9:F2} {flops / peer / 1e9,8:F1} {flops / best / 1e9,8:F1} {memory} "
            + $"{peer / best,8:F2}");
    }

    private static double Time(Action run)
    {
        // The other side's idle threads spin for a while.
        Thread.Sleep(10);
        run();
        double best = double.PositiveInfinity;
        for (int i = 0; i < 2; i++)
        {
            long started = Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return best;
    }

    private static void Agree(string name, float[] ours, float* theirs, long count, double tolerance)
    {
        for (long i = 0; i < count; i++)
        {
            if (!(Math.Abs(ours[i] - theirs[i]) <= tolerance))
                throw new InvalidOperationException($"{name}: element {i} is {ours[i]}, libtorch says {theirs[i]}");
        }
    }

    private float* Numbers(long count)
    {
        var values = (float*)NativeMemory.AlignedAlloc((nuint)count * sizeof(float), 64);
        for (long i = 0; i < count; i++) values[i] = random.NextSingle() - 0.5f;
        return values;
    }

    private static Half* Halves(float* values, long count)
    {
        var halves = (Half*)NativeMemory.AlignedAlloc((nuint)count * 2, 64);
        for (long i = 0; i < count; i++) halves[i] = (Half)values[i];
        return halves;
    }

    private Matrix Upload(float* values, int rows, int columns)
    {
        Matrix matrix = device.AllocateMatrix(rows, columns);
        Queue.Write(new ReadOnlySpan<float>(values, rows * columns), matrix);
        return matrix;
    }
}
