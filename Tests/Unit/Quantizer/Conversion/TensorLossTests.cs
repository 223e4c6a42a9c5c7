using EdgeVideoLlava.Quantizer.Conversion;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;

/// <summary>What reports say of a tensor, on rows small enough to compute by hand.</summary>
public sealed class TensorLossTests
{
    [Fact]
    public void Errors_are_those_of_the_numbers_and_of_the_worst_32_neighbours()
    {
        var loss = new TensorLoss();
        float[] row = [.. Enumerable.Repeat(2f, 64)], kept = [.. row], other = [.. row];
        for (int i = 0; i < 16; i++) kept[24 + i] = 1; // eight in each of two blocks
        for (int i = 0; i < 12; i++) other[32 + i] = 3; // twelve in one
        loss.Add(row, kept);
        loss.Add(row, other);
        Assert.Equal(128, loss.Numbers);
        Assert.Equal(Math.Sqrt(28.0 / (128 * 4)), loss.RelativeError, 1e-12);
        Assert.Equal(Math.Sqrt(12.0 / 32) / 2, loss.WorstBlock, 1e-12);
        double products = 2 * (128 * 2 - 16 + 12), squares = 128 * 4, keptSquares = 128 * 4 - 16 * 3 + 12 * 5;
        Assert.Equal(products / Math.Sqrt(squares * keptSquares), loss.Cosine, 1e-12);
    }

    [Fact]
    public void A_tensor_of_zeros_loses_nothing()
    {
        var loss = new TensorLoss();
        loss.Add(new float[32], new float[32]);
        Assert.Equal((0, 0, 1), (loss.RelativeError, loss.WorstBlock, loss.Cosine));
    }
}
