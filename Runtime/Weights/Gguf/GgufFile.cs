using System.Numerics;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Gguf;

/// <summary>A GGUF file of version 2 or 3, memory-mapped. Everything in it is checked against the file's size before it is used.</summary>
/// <remarks>
/// Format (ggml-org/ggml, docs/gguf.md), little-endian: "GGUF", u32 version, u64 tensors, u64 keys; the keys with their values; of each
/// tensor name, u32 axes, u64 sizes, u32 type, u64 offset; from the next multiple of the alignment on the tensors, each at such a multiple.
/// </remarks>
internal sealed class GgufFile : IDisposable
{
    private const uint Magic = 0x4655_4747; // "GGUF"
    private const int NameBytes = 63, TensorCeiling = 65_536, AxesCeiling = 4, AlignmentCeiling = 1 << 20;
    private const long SizeCeiling = 1L << 40;

    /// <summary>The format's numbers of the types that can be read.</summary>
    private static readonly Dictionary<uint, StorageType> Types = new()
    {
        [0] = StorageType.F32,
        [1] = StorageType.F16,
        [2] = StorageType.Q4_0,
        [3] = StorageType.Q4_1,
        [6] = StorageType.Q5_0,
        [7] = StorageType.Q5_1,
        [8] = StorageType.Q8_0,
        [10] = StorageType.Q2_K,
        [11] = StorageType.Q3_K,
        [12] = StorageType.Q4_K,
        [13] = StorageType.Q5_K,
        [14] = StorageType.Q6_K,
        [20] = StorageType.IQ4_NL,
        [24] = StorageType.I8,
        [26] = StorageType.I32,
        [27] = StorageType.I64,
        [30] = StorageType.BF16,
    };

    /// <summary>Types of the format that are known by name only.</summary>
    private static readonly Dictionary<uint, string> Unreadable = new()
    {
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [23] = "IQ4_XS",
        [25] = "I16",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    };

    private readonly MappedFile file;

    public MappedFile File => file;

    /// <summary>Maps a file and reads its header.</summary>
    /// <exception cref="BadInputException">The file is missing, is not GGUF, holds types that cannot be read, or contradicts
    /// itself.</exception>
    public GgufFile(string path)
    {
        file = new MappedFile(path);
        try
        {
            var reader = new GgufReader(file);
            if (reader.UInt32("the magic number") != Magic) throw reader.Broken("it does not begin with GGUF", 4);
            Version = ReadVersion(ref reader);
            long tensors = reader.Count("the number of tensors", TensorCeiling), keys = GgufKeys.ReadCount(ref reader);
            Keys = GgufKeys.Read(file, ref reader, keys);
            Alignment = ReadAlignment();
            Tensors = ReadTensors(ref reader, tensors);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>File path, for messages.</summary>
    public string Path => file.Path;

    public long FileBytes => file.Bytes;

    public int Version { get; }

    /// <summary>Tensors begin at multiples of so many bytes.</summary>
    public int Alignment { get; }

    public GgufKeys Keys { get; }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<GgufTensor> Tensors { get; }

    /// <summary>The format's number of a type.</summary>
    public static uint NumberOf(StorageType type) => Types.First(pair => pair.Value == type).Key;

    public void Dispose() => file.Dispose();

    private static int ReadVersion(ref GgufReader reader)
    {
        uint version = reader.UInt32("the version");
        if ((version & 0xFFFF) == 0) throw reader.Broken("it is big-endian, which is not supported", 4);
        return version is 2 or 3 ? (int)version : throw reader.Broken($"version {version}; 2 and 3 can be read", 4);
    }

    private int ReadAlignment()
    {
        int alignment = Keys.Int("general.alignment", 1, AlignmentCeiling) ?? 32;
        return BitOperations.IsPow2(alignment) ? alignment : throw Keys.Unsupported("general.alignment", "powers of two");
    }

    private GgufTensor[] ReadTensors(ref GgufReader reader, long count)
    {
        var names = new HashSet<string>();
        var listed = new List<(string Name, StorageType Type, long[] Sizes, ulong Offset, long Entry)>();
        for (long i = 0; i < count; i++)
        {
            long entry = reader.Position;
            string name = reader.Text("the name of a tensor", NameBytes);
            if (!names.Add(name)) throw reader.Broken($"two tensors are named {name}", reader.Position - entry);
            long[] sizes = ReadSizes(ref reader, name);
            StorageType type = ReadType(ref reader, name);
            RequireWholeBlocks(reader, name, type, sizes);
            listed.Add((name, type, sizes, reader.UInt64($"the offset of {name}"), entry));
        }
        long data = (reader.Position + Alignment - 1) / Alignment * Alignment;
        if (listed.Count > 0 && data > FileBytes) throw reader.Broken("it ends before its first tensor");
        var tensors = new GgufTensor[listed.Count];
        for (int i = 0; i < tensors.Length; i++)
        {
            (string name, StorageType type, long[] sizes, ulong offset, long entry) = listed[i];
            long bytes = type.Bytes(Elements(sizes));
            if (offset > (ulong)(FileBytes - data) || bytes > FileBytes - data - (long)offset)
            {
                throw reader.Broken($"tensor {name} has {bytes} bytes from {offset} of the data on, which has {FileBytes - data}",
                    reader.Position - entry);
            }
            if (offset % (ulong)Alignment != 0)
                throw reader.Broken($"tensor {name} lies at {offset}, no multiple of {Alignment}", reader.Position - entry);
            long start = data + (long)offset;
            tensors[i] = new GgufTensor(name, type, sizes, start, bytes, file.Address + (nint)start);
        }
        RequireFullCover(reader, tensors, data);
        return tensors;
    }

    private static long[] ReadSizes(ref GgufReader reader, string name)
    {
        uint axes = reader.UInt32($"the number of axes of {name}");
        if (axes is 0 or > AxesCeiling) throw reader.Broken($"tensor {name} has {axes} axes; 1 to {AxesCeiling} are possible", 4);
        var sizes = new long[axes];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            ulong size = reader.UInt64($"a size of {name}");
            sizes[axis] = size is > 0 and <= (ulong)SizeCeiling ? (long)size
                : throw reader.Broken($"tensor {name} has the impossible size {size}", 8);
        }
        UInt128 elements = sizes.Aggregate(UInt128.One, (product, size) => product * (UInt128)size);
        return elements <= (UInt128)SizeCeiling ? sizes
            : throw reader.Broken($"tensor {name} has the impossible sizes [{string.Join(", ", sizes)}]", 8 * sizes.Length);
    }

    private static StorageType ReadType(ref GgufReader reader, string name)
    {
        uint number = reader.UInt32($"the type of {name}");
        if (Types.TryGetValue(number, out StorageType type)) return type;
        string what = Unreadable.TryGetValue(number, out string? known) ? $"the type {known}" : $"the unknown type {number}";
        throw reader.Broken($"tensor {name} has {what}, which cannot be read; {string.Join(", ", Types.Values)} can", 4);
    }

    private static void RequireWholeBlocks(GgufReader reader, string name, StorageType type, long[] sizes)
    {
        if (sizes[0] % type.BlockColumns() != 0)
            throw reader.Broken($"tensor {name} has rows of {sizes[0]}, which are no whole blocks of {type}", 4);
    }

    /// <summary>The tensors follow each other with nothing but padding between them, and nothing follows the last.</summary>
    private void RequireFullCover(GgufReader reader, GgufTensor[] tensors, long data)
    {
        long covered = data;
        foreach (GgufTensor tensor in tensors.OrderBy(tensor => tensor.Offset))
        {
            if (tensor.Offset < covered) throw reader.Broken($"tensor {tensor.Name} overlaps another one", reader.Position - tensor.Offset);
            if (tensor.Offset - covered >= Alignment)
            {
                throw reader.Broken($"{tensor.Offset - covered} bytes before tensor {tensor.Name} belong to none",
                    reader.Position - covered);
            }
            covered = tensor.Offset + tensor.Bytes;
        }
        if (tensors.Length > 0 && FileBytes - covered >= Alignment)
            throw reader.Broken($"{FileBytes - covered} bytes after the last tensor belong to none", reader.Position - covered);
    }

    private static long Elements(long[] sizes) => sizes.Aggregate(1L, (product, size) => product * size);
}
