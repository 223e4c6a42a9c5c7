using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Ilgpu.Intrinsics;
using EdgeVideoLlava.Kernels.Ilgpu.Views;
using EdgeVideoLlava.Tests.Unit.Support;
using ILGPU;
using ILGPU.Runtime;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Attention;

/// <summary>Attention on tensor cores, on ILGPU's CPU accelerator. The definitions are those of
/// <see cref="FullAttentionTests"/> and <see cref="CausalAttentionTests"/>.</summary>
[Collection(nameof(Lanes))]
public sealed class TensorAttentionTests(ITestOutputHelper output)
{
    [Theory, InlineData(1, 5, 1, 64), InlineData(1, 70, 1, 64), InlineData(2, 37, 2, 64), InlineData(1, 65, 1, 128)]
    public void Positions_of_a_frame_look_at_each_other(int frames, int positions, int heads, int headSize)
        => CheckFull(SequenceLayout.Spatial(frames, positions),
            [.. Enumerable.Range(0, frames).Select(frame => Enumerable.Range(frame * positions, positions).ToArray())], heads, headSize);

    [Theory, InlineData(1, 8, 3, 64), InlineData(2, 8, 5, 64), InlineData(2, 3, 1, 128)]
    public void A_position_looks_at_itself_over_the_frames_of_its_clip(int clips, int frames, int positions, int headSize)
        => CheckFull(SequenceLayout.Temporal(clips, frames, positions),
            [.. from clip in Enumerable.Range(0, clips)
                from position in Enumerable.Range(0, positions)
                select Enumerable.Range(0, frames).Select(frame => (clip * frames + frame) * positions + position).ToArray()], 2, headSize);

    /// <summary>First position, rows, query heads, key heads, head size.</summary>
    [Theory, InlineData(0, 3, 1, 1, 64, 1), InlineData(0, 70, 2, 1, 64, 1), InlineData(45, 33, 4, 2, 64, 1),
        InlineData(7, 66, 2, 2, 128, 1), InlineData(30, 20, 1, 1, 128, 6)]
    public void Rows_see_the_keys_up_to_their_position(int first, int rows, int heads, int groups, int headSize, float size)
    {
        using var operands = new TensorOperands(first + rows);
        int filled = first + rows, columns = groups * headSize;
        float[] q = operands.Numbers(rows * heads * headSize, size), keys = operands.Numbers(filled * columns, size),
            values = operands.Numbers(filled * columns);
        float[] rest = [.. Enumerable.Repeat(float.NaN, 3 * columns)]; // what no one has written yet may be anything
        int[] positions = [.. Enumerable.Range(first, rows)];
        EightsView<Float16> y = operands.Result(rows, heads * headSize);
        LogSums logSums = new(operands, rows, heads);
        Launch(() =>
        {
            Action<KernelConfig, EightsView<Float16>, EightsView<Float16>, EightsView<Float16>, ArrayView<int>,
                EightsView<Float16>, MatrixView<Float32>> launch = Lanes.Accelerator.LoadStreamKernel<EightsView<Float16>,
                EightsView<Float16>, EightsView<Float16>, ArrayView<int>, EightsView<Float16>, MatrixView<Float32>>(
                    headSize == 64 ? CausalAttention.KeepingTensorKernel<Head64> : CausalAttention.KeepingTensorKernel<Head128>);
            launch(new KernelConfig(TensorAttention.Groups(rows, heads), new Index3D(TensorAttention.Items, 1, 1)),
                operands.Matrix(q, rows, heads * headSize),
                operands.Matrix([.. keys, .. rest], filled + 3, columns),
                operands.Matrix([.. values, .. rest], filled + 3, columns), operands.Ints(positions), y, logSums.View);
        });
        Check($"{rows} rows at {first}, {heads} heads over {groups} of {headSize}", operands.Read(y),
            CausalAttentionTests.Oracle(q, keys, values, positions, heads, groups, headSize), values);
        logSums.Check(output, (row, head) => LogSumTests.Oracle(c => q[(row * heads + head) * headSize + c],
            (j, c) => keys[(j * groups + head / (heads / groups)) * headSize + c], positions[row] + 1, headSize));
    }

    [Fact]
    public void A_weaker_wait_is_a_wrong_result()
    {
        try
        {
            AsyncCopies.Weaker = 1;
            Assert.ThrowsAny<Xunit.Sdk.XunitException>(() => Positions_of_a_frame_look_at_each_other(1, 64, 1, 64));
        }
        finally
        {
            AsyncCopies.Weaker = 0;
        }
    }

    private void CheckFull(SequenceLayout layout, int[][] sequences, int heads, int headSize)
    {
        int rows = layout.Count * layout.Length, columns = heads * headSize;
        using var operands = new TensorOperands(rows + columns);
        float[] qkv = operands.Numbers(rows * 3 * columns);
        EightsView<Float16> y = operands.Result(rows, columns);
        LogSums logSums = new(operands, rows, heads);
        Launch(() =>
        {
            Action<KernelConfig, EightsView<Float16>, SequenceLayout, EightsView<Float16>, MatrixView<Float32>> launch =
                Lanes.Accelerator.LoadStreamKernel<EightsView<Float16>, SequenceLayout, EightsView<Float16>, MatrixView<Float32>>(
                    headSize == 64 ? FullAttention.KeepingTensorKernel<Head64> : FullAttention.KeepingTensorKernel<Head128>);
            launch(new KernelConfig(TensorAttention.Groups(rows, heads), new Index3D(TensorAttention.Items, 1, 1)),
                operands.Matrix(qkv, rows, 3 * columns), layout, y, logSums.View);
        });
        Check($"{layout.Count} sequences of {layout.Length}, {heads} heads of {headSize}", operands.Read(y),
            FullAttentionTests.Oracle(qkv, sequences, heads, headSize), qkv);
        logSums.Check(output, (row, head) =>
        {
            int[] keys = sequences.Single(sequence => sequence.Contains(row));
            return LogSumTests.Oracle(c => qkv[row * 3 * columns + head * headSize + c],
                (j, c) => qkv[keys[j] * 3 * columns + columns + head * headSize + c], keys.Length, headSize);
        });
    }

    /// <summary>Memory for (rows, heads) log-sums, and a number behind each row that must stay.</summary>
    private sealed class LogSums(TensorOperands operands, int rows, int heads)
    {
        private const float Outside = -1234;

        private readonly MemoryBuffer1D<float, Stride1D.Dense> memory
            = operands.Buffer(Enumerable.Repeat(Outside, rows * (heads + 1)).ToArray());

        public MatrixView<Float32> View => new(memory.View.BaseView.Cast<Float32>(), rows, heads, heads + 1);

        public void Check(ITestOutputHelper output, Func<int, int, Expected> oracle)
        {
            float[][] got = [.. memory.GetAsArray1D().Chunk(heads + 1)];
            Assert.All(got, row => Assert.Equal(Outside, row[heads]));
            Expected.Check(output, "log-sums", [.. got.SelectMany(row => row[..heads])],
                [.. from row in Enumerable.Range(0, rows) from head in Enumerable.Range(0, heads) select oracle(row, head)]);
        }
    }

    private static void Launch(Action launch) => Lanes.Within(() =>
    {
        launch();
        Lanes.Accelerator.Synchronize();
    });

    /// <summary>Every weight is rounded to binary16, and so is the result: 2^-11 of Σ|a·v| ≤ max|v| and of the
    /// result, beside what float32 loses.</summary>
    private void Check(string what, float[] got, Expected[] expected, float[] values)
    {
        double largest = values.Max(Math.Abs);
        Expected.Check(output, what, got, Array.ConvertAll(expected, e
            => e with { Terms = e.Terms + Math.Pow(2, 11) * (Math.Abs(e.Value) + largest) }));
    }
}
