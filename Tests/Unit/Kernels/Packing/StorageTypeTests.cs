using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Tests.Unit.Kernels.Packing;

public sealed class StorageTypeTests
{
    /// <summary>The sizes of ggml's type table.</summary>
    [Theory]
    [InlineData(StorageType.F32, 1, 4)]
    [InlineData(StorageType.F16, 1, 2)]
    [InlineData(StorageType.BF16, 1, 2)]
    [InlineData(StorageType.Q8_0, 32, 34)]
    [InlineData(StorageType.Q4_0, 32, 18)]
    [InlineData(StorageType.Q4_1, 32, 20)]
    [InlineData(StorageType.Q5_0, 32, 22)]
    [InlineData(StorageType.Q5_1, 32, 24)]
    [InlineData(StorageType.Q2_K, 256, 84)]
    [InlineData(StorageType.Q3_K, 256, 110)]
    [InlineData(StorageType.Q4_K, 256, 144)]
    [InlineData(StorageType.Q5_K, 256, 176)]
    [InlineData(StorageType.Q6_K, 256, 210)]
    [InlineData(StorageType.IQ4_NL, 32, 18)]
    public void A_block_has_its_size(StorageType type, int columns, int bytes)
    {
        Assert.Equal((columns, bytes), (type.BlockColumns(), (int)type.Bytes(columns)));
        Assert.Equal(7L * bytes, type.Bytes(7L * columns));
    }

    [Fact]
    public void Numbers_that_fill_no_block_have_no_size()
    {
        Assert.Throws<ArgumentException>(() => StorageType.Q4_0.Bytes(31));
        Assert.Throws<ArgumentException>(() => StorageType.Q4_K.Bytes(288));
        Assert.Throws<ArgumentOutOfRangeException>(() => StorageType.Q4_0.ElementBytes());
    }

    [Theory]
    [InlineData(StorageType.Q4_K, 4096, StorageType.Q4_K)]
    [InlineData(StorageType.Q4_K, 352, StorageType.Q5_0)]
    [InlineData(StorageType.Q5_K, 352, StorageType.Q5_1)]
    [InlineData(StorageType.Q6_K, 352, StorageType.Q8_0)]
    [InlineData(StorageType.Q4_K, 100, StorageType.F16)]
    [InlineData(StorageType.Q4_0, 352, StorageType.Q4_0)]
    [InlineData(StorageType.Q4_0, 100, StorageType.F16)]
    [InlineData(StorageType.Q8_0, 33, StorageType.F16)]
    [InlineData(StorageType.F16, 33, StorageType.F16)]
    public void Rows_of_broken_blocks_get_another_type(StorageType type, int columns, StorageType expected)
        => Assert.Equal(expected, type.ForRows(columns));
}
