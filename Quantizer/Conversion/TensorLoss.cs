namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>What a tensor loses by its conversion. Rows may be added from several threads.</summary>
internal sealed class TensorLoss
{
    private const int Block = 32;

    private readonly Lock turn = new();
    private double squares, errors, products, kept, worst;

    /// <summary>Root mean square of the error over that of the numbers.</summary>
    public double RelativeError => squares == 0 ? 0 : Math.Sqrt(errors / squares);

    /// <summary>The same of the worst 32 neighbours, over the tensor's own root mean square.</summary>
    public double WorstBlock => squares == 0 ? 0 : Math.Sqrt(worst / Block) / Math.Sqrt(squares / Numbers);

    /// <summary>Cosine of the angle between the numbers and what is kept of them.</summary>
    public double Cosine => squares == 0 || kept == 0 ? 1 : products / Math.Sqrt(squares * kept);

    public long Numbers { get; private set; }

    public void Add(ReadOnlySpan<float> source, ReadOnlySpan<float> result)
    {
        double rowSquares = 0, rowErrors = 0, rowProducts = 0, rowKept = 0, rowWorst = 0, block = 0;
        for (int i = 0; i < source.Length; i++)
        {
            if (i % Block == 0) block = 0;
            double difference = (double)source[i] - result[i];
            rowSquares += (double)source[i] * source[i];
            rowProducts += (double)source[i] * result[i];
            rowKept += (double)result[i] * result[i];
            rowErrors += difference * difference;
            rowWorst = Math.Max(rowWorst, block += difference * difference);
        }
        lock (turn)
        {
            (squares, errors, products, kept) = (squares + rowSquares, errors + rowErrors, products + rowProducts, kept + rowKept);
            worst = Math.Max(worst, rowWorst);
            Numbers += source.Length;
        }
    }
}
