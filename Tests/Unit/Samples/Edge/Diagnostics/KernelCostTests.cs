using EdgeVideoLlava.Edge.Diagnostics;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Weights;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Diagnostics;

/// <summary>Bytes and FLOP of kernels, counted one by one.</summary>
public sealed class KernelCostTests
{
    [Fact]
    public void A_matrix_vector_product_of_the_7B_model_reads_its_weight_once()
    {
        // 18 bytes for 32 weights of Q4_0; 4096 halves of x; 11008 floats of y.
        KernelCost cost = KernelCost.Linear(1, 11008, 4096, StorageType.Q4_0, StorageType.F16, StorageType.F32);
        Assert.Equal(11008L * 4096 / 32 * 18 + 4096 * 2 + 11008 * 4, cost.Bytes);
        Assert.Equal(2L * 11008 * 4096, cost.Flop);
    }

    [Fact]
    public void Gate_and_up_are_two_weights_and_one_result()
    {
        KernelCost cost = KernelCost.Linear(2110, 11008, 4096, StorageType.F16, StorageType.F16, StorageType.F32, gated: true);
        Assert.Equal(22016L * 4096 * 2 + 2110L * 4096 * 2 + 2110L * 11008 * 4, cost.Bytes);
        Assert.Equal(2L * 2110 * 22016 * 4096, cost.Flop);
    }

    [Fact]
    public void A_residual_is_read_too()
    {
        KernelCost without = KernelCost.Linear(8, 64, 32, StorageType.F16, StorageType.F32, StorageType.F32);
        KernelCost with = KernelCost.Linear(8, 64, 32, StorageType.F16, StorageType.F32, StorageType.F32, residual: true);
        Assert.Equal((8 * 64 * 4, 0), (with.Bytes - without.Bytes, with.Flop - without.Flop));
    }

    [Theory, InlineData(1, 1), InlineData(7, 7), InlineData(1, 9), InlineData(3, 11)]
    public void Causal_attention_counts_the_keys_that_each_row_sees(int rows, int positions)
    {
        long flop = 0;
        for (int row = 0; row < rows; row++)
        {
            // 64 columns of all heads: a product with k, a sum of v
            for (int key = 0; key <= positions - rows + row; key++) flop += 2 * (2 * 64);
        }
        LlamaConfig config = SyntheticCheckpoint.Video7B(1).Language with { Heads = 4, KeyValueHeads = 2, HeadSize = 16 };
        KernelCost cost = KernelCost.CausalAttention(rows, positions, config, StorageType.F16, StorageType.F16);
        Assert.Equal(flop, cost.Flop);
        Assert.Equal(2 * (rows * 64 + rows * 64 + positions * 32 + positions * 32), cost.Bytes);
        KernelCost bytes = KernelCost.CausalAttention(rows, positions, config, StorageType.F16, StorageType.I8);
        Assert.Equal((flop, 2 * rows * (64 + 64) + 2 * positions * (32 + 2 * 4)), (bytes.Flop, bytes.Bytes));
    }

    [Fact]
    public void Attention_over_time_sees_its_own_sequence_only()
    {
        KernelCost cost = KernelCost.FullAttention(SequenceLayout.Temporal(1, 8, 257), 1024, StorageType.F16);
        Assert.Equal(257L * 8 * 8 * 2 * 2 * 1024, cost.Flop);
        Assert.Equal(2L * 257 * 8 * (3 * 1024 + 1024), cost.Bytes);
    }
}
