using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;
using EdgeVideoLlava.Runtime.Weights.Gguf;

namespace EdgeVideoLlava.Quantizer.Calibration;

/// <summary>How much each column of each matrix matters: the mean square of what it was multiplied with on calibration data.</summary>
/// <remarks>
/// Files are llama.cpp's (tools/imatrix): GGUF with the tensors NAME.in_sum2 and NAME.counts, which is written; and the older form, read
/// too: int32 entries; of each int32 length of its name, name, int32 calls, int32 values, so many float32, each a mean square times calls;
/// behind them int32 chunks, int32 length of the data's name, name.
/// </remarks>
public sealed class ImportanceMatrix
{
    private const string Sums = ".in_sum2", Counts = ".counts", Kind = "imatrix";
    private const long FileCeiling = 1L << 30;
    private const int EntryCeiling = 65_536, NameCeiling = 1024, ColumnCeiling = 1 << 24, ChunkCeiling = int.MaxValue;

    private readonly Dictionary<string, (double[] Sums, double Count)> entries;

    internal ImportanceMatrix(Dictionary<string, (double[] Sums, double Count)> entries, string source, string data, int chunks, int length)
    {
        (this.entries, Source, Data, Chunks, ChunkLength) = (entries, source, data, chunks, length);
    }

    /// <summary>Names of the matrices, as in a GGUF file.</summary>
    public IEnumerable<string> Names => entries.Keys;

    /// <summary>The file's name.</summary>
    public string Source { get; }

    /// <summary>Names of the calibration data.</summary>
    public string Data { get; }

    /// <summary>Sequences that it was collected from.</summary>
    public int Chunks { get; }

    /// <summary>Tokens of a sequence; 0 where they differ or it is not known.</summary>
    public int ChunkLength { get; }

    /// <summary>Mean squares by column; null where a matrix has none.</summary>
    /// <exception cref="BadInputException">They are of a matrix with other columns.</exception>
    public float[]? Of(string name, int columns)
    {
        if (!entries.TryGetValue(name, out (double[] Sums, double Count) entry)) return null;
        if (entry.Sums.Length != columns)
            throw new BadInputException($"{Source}: {name} has {entry.Sums.Length} columns there and {columns} in the model; this "
                + "importance matrix is of another model");
        return [.. entry.Sums.Select(sum => (float)(sum / entry.Count))];
    }

    /// <summary>Reads a file of either form.</summary>
    /// <exception cref="BadInputException">It is broken, or holds numbers that are no mean squares.</exception>
    public static ImportanceMatrix Read(string path)
    {
        ImportanceMatrix matrix = StartsAsGguf(path) ? ReadGguf(path) : ReadOld(path);
        foreach ((string name, (double[] sums, double count)) in matrix.entries)
        {
            if (sums.Any(sum => !double.IsFinite(sum) || sum < 0) || !double.IsFinite(count) || count <= 0)
                throw new BadInputException($"{path}: {name} holds numbers that are no mean squares; collect it again");
        }
        return matrix;
    }

    /// <summary>Writes a GGUF file.</summary>
    /// <exception cref="BadInputException">The path cannot be written.</exception>
    public void Write(string path)
    {
        GgufKey[] keys =
        [
            GgufKey.Of("general.type", Kind), GgufKey.Of("imatrix.datasets", [Data]), GgufKey.Of("imatrix.chunk_count", (uint)Chunks),
            GgufKey.Of("imatrix.chunk_size", (uint)ChunkLength),
        ];
        GgufOutput.Entry Entry(string name, IEnumerable<double> numbers, long count) => new(name, StorageType.F32, [count], stream =>
        {
            foreach (double number in numbers) stream.Write(BitConverter.GetBytes((float)number));
        });
        using var file = new OutputFile(path, []);
        GgufOutput.Write(file.Stream, keys, [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).SelectMany(entry => new[]
        {
            Entry(entry.Key + Sums, entry.Value.Sums, entry.Value.Sums.Length), Entry(entry.Key + Counts, [entry.Value.Count], 1),
        })]);
        file.Complete();
    }

    /// <summary>Whatever its name: llama.cpp's users call both forms imatrix.dat.</summary>
    private static bool StartsAsGguf(string path)
    {
        using FileStream file = InputFile.Open(path);
        Span<byte> magic = stackalloc byte[4];
        return file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic.SequenceEqual("GGUF"u8);
    }

    private static unsafe ImportanceMatrix ReadGguf(string path)
    {
        using var file = new GgufFile(path);
        if (file.Keys.Text("general.type") != Kind)
            throw new BadInputException($"{path}: no importance matrix; one is made by calibrating");
        Dictionary<string, GgufTensor> tensors = file.Tensors.ToDictionary(tensor => tensor.Name);
        var entries = new Dictionary<string, (double[], double)>();
        foreach (GgufTensor tensor in file.Tensors.Where(tensor => tensor.Name.EndsWith(Sums, StringComparison.Ordinal)))
        {
            string name = tensor.Name[..^Sums.Length];
            if (!tensors.TryGetValue(name + Counts, out GgufTensor? counts) || tensor.Type != StorageType.F32
                || counts.Type != StorageType.F32 || tensor.Bytes != tensor.Sizes[0] * sizeof(float) || counts.Bytes != sizeof(float))
                throw new BadInputException($"{path}: {tensor.Name} is not one row of F32 numbers with its count; collect it again");
            float[] sums = new ReadOnlySpan<float>((void*)tensor.Address, (int)tensor.Sizes[0]).ToArray();
            entries.Add(name, ([.. sums.Select(sum => (double)sum)], *(float*)counts.Address));
        }
        return new ImportanceMatrix(entries, Path.GetFileName(path), string.Join(", ", file.Keys.Texts("imatrix.datasets", 1000) ?? []),
            file.Keys.Int("imatrix.chunk_count") ?? 0, file.Keys.Int("imatrix.chunk_size") ?? 0);
    }

    private static ImportanceMatrix ReadOld(string path)
    {
        byte[] bytes = InputFile.ReadAll(path, FileCeiling);
        int at = 0;
        int Int(string what, int most)
        {
            int value = BitConverter.ToInt32(Take(4, what));
            return value >= 0 && value <= most ? value
                : throw new BadInputException($"{path}: no importance matrix: {what} is {value} at byte {at - 4}");
        }
        ReadOnlySpan<byte> Take(long count, string what)
        {
            if (count > bytes.Length - at)
                throw new BadInputException($"{path}: broken importance matrix: it ends in {what}, at byte {at}");
            at += (int)count;
            return bytes.AsSpan(at - (int)count, (int)count);
        }
        string Name() => System.Text.Encoding.UTF8.GetString(Take(Int("the length of a name", NameCeiling), "a name"));
        var entries = new Dictionary<string, (double[], double)>();
        for (int left = Int("the number of entries", EntryCeiling); left > 0; left--)
        {
            string name = Name();
            int calls = Math.Max(1, Int("the number of calls", ChunkCeiling)), columns = Int("the number of columns", ColumnCeiling);
            ReadOnlySpan<byte> stored = Take((long)columns * sizeof(float), name);
            var sums = new double[columns];
            for (int i = 0; i < columns; i++) sums[i] = BitConverter.ToSingle(stored[(4 * i)..]);
            if (!entries.TryAdd(name, (sums, calls)))
                throw new BadInputException($"{path}: broken importance matrix: {name} is there twice");
        }
        int chunks = at == bytes.Length ? 0 : Int("the number of chunks", ChunkCeiling);
        string data = at == bytes.Length ? "" : Name();
        return new ImportanceMatrix(entries, Path.GetFileName(path), data, chunks, 0);
    }
}
