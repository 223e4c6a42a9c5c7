using EdgeVideoLlava.Kernels.Packing;

namespace EdgeVideoLlava.Quantizer.Conversion;

/// <summary>Converts tensors piece by piece on all threads: a few megabytes of memory, whatever their size.</summary>
/// <param name="converted">Told the numbers of each piece.</param>
internal sealed unsafe class TensorConverter(QuantizerOptions options, Action<TensorPlan, long> converted, CancellationToken cancel)
{
    private const long PieceNumbers = 1 << 21;

    private readonly ParallelOptions parallel = new()
    {
        MaxDegreeOfParallelism = options.Threads > 0 ? options.Threads : Environment.ProcessorCount,
        CancellationToken = cancel,
    };

    private byte[] buffer = [];

    /// <summary>Numbers that were not finite and became 0.</summary>
    public long Replaced => replaced;

    private long replaced;

    /// <param name="losses">Null: nothing is measured.</param>
    /// <exception cref="BadInputException">A number is not finite, or too large for the type.</exception>
    public void Write(Stream target, TensorPlan plan, TensorLoss? losses = null)
    {
        int columns = plan.Columns, most = (int)Math.Max(1, PieceNumbers / columns);
        for (int start = 0; start < plan.Rows; start += most)
        {
            int rows = Math.Min(most, plan.Rows - start);
            int bytes = checked((int)plan.Type.Bytes((long)rows * columns));
            if (buffer.Length < bytes) buffer = new byte[bytes];
            try
            {
                Convert(plan, start, rows, losses);
            }
            catch (AggregateException several) when (several.InnerExceptions.OfType<BadInputException>().FirstOrDefault() is { } bad)
            {
                throw bad;
            }
            target.Write(buffer.AsSpan(0, bytes));
            converted(plan, (long)rows * columns);
        }
    }

    private void Convert(TensorPlan plan, int start, int rows, TensorLoss? losses)
    {
        int columns = plan.Columns, rowBytes = (int)plan.Type.Bytes(columns);
        fixed (byte* pinned = buffer)
        {
            byte* target = pinned;
            Parallel.For(0, rows, parallel, () => new float[2 * columns], (row, _, floats) =>
            {
                ConvertRow(plan, start + row, floats, new Span<byte>(target + (long)row * rowBytes, rowBytes), losses);
                return floats;
            }, _ => { });
        }
    }

    private void ConvertRow(TensorPlan plan, int row, float[] scratch, Span<byte> target, TensorLoss? losses)
    {
        int columns = plan.Columns;
        StorageType from = plan.Source.Type;
        byte* stored = (byte*)plan.Source.Address + from.Bytes((long)plan.SourceRow(row) * columns);
        Span<float> floats = scratch.AsSpan(0, columns);
        Unpack.ToFloats(from, stored, floats);
        RequireFinite(plan, row, floats);
        if (plan.Rounded is { } rounded) rounded.Row(plan.SourceRow(row), target.Length).CopyTo(target);
        else if (from == plan.Type && (from.IsBlock() || !options.Force)) new ReadOnlySpan<byte>(stored, target.Length).CopyTo(target);
        else if (plan.Type == StorageType.F32) System.Runtime.InteropServices.MemoryMarshal.AsBytes(floats).CopyTo(target);
        else if (!(plan.Importance is { } importance ? Pack.FromRow(plan.Type, floats, importance, target)
            : Pack.FromFloats(plan.Type, floats, target))) throw TooLarge(plan, row);
        if (losses == null) return;
        Span<float> kept = scratch.AsSpan(columns, columns);
        fixed (byte* bytes = target) Unpack.ToFloats(plan.Type, bytes, kept);
        losses.Add(floats, kept);
    }

    private void RequireFinite(TensorPlan plan, int row, Span<float> floats)
    {
        if (Pack.AreFinite(floats)) return;
        for (int i = 0; i < floats.Length; i++)
        {
            if (float.IsFinite(floats[i])) continue;
            if (!options.Force)
            {
                throw new BadInputException($"{plan.Source}: row {plan.SourceRow(row)}, column {i} is {floats[i]}; the checkpoint is "
                    + $"damaged: fetch it again, or take 0 in its place with {ForceSetting}")
                { Remedies = [ForceSetting] };
            }
            floats[i] = 0;
            Interlocked.Increment(ref replaced);
        }
    }

    /// <summary>The setting that goes on all the same.</summary>
    internal static Setting ForceSetting { get; } = new("Force", "true");

    private static BadInputException TooLarge(TensorPlan plan, int row)
        => new($"{plan.Source}: row {plan.SourceRow(row)} holds numbers that are too large for {plan.Type}; give tensors of the name "
            + $"{plan.Name} another type, such as BF16 or F32");
}
