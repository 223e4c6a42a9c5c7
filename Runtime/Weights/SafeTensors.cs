using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Kernels.Attention;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights;

/// <summary>A safetensors file, memory-mapped. Everything in it is checked against the file's size before it is used.</summary>
/// <remarks>
/// Format (huggingface/safetensors): u64 little-endian length of the header, the header as JSON
/// { name: { "dtype", "shape", "data_offsets": [begin, end] } }, offsets counted from the end of the header.
/// </remarks>
internal sealed unsafe class SafeTensors : ITensorFile
{
    /// <summary>The ceiling of the format's own library: 100 MB of header.</summary>
    public const long HeaderCeiling = 100_000_000;

    private readonly MappedFile file;

    /// <summary>File path, for messages.</summary>
    public string Path => file.Path;

    public long FileBytes => file.Bytes;

    public IReadOnlyDictionary<string, HostTensor> Tensors { get; }

    /// <summary>Maps a file and reads its header.</summary>
    /// <exception cref="BadInputException">The file is missing, is not safetensors, or contradicts itself.</exception>
    public SafeTensors(string path)
    {
        file = new MappedFile(path);
        try
        {
            if (FileBytes < 8)
            {
                throw new BadInputException(
                    $"{path}: not a safetensors file ({FileBytes} bytes; it must begin with an 8-byte header length)");
            }
            Tensors = ReadHeader((byte*)file.Address, FileBytes);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The tensor of this name.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public HostTensor this[string name] => Tensors.TryGetValue(name, out HostTensor? tensor)
        ? tensor
        : throw new BadInputException(
            $"{Path}: no tensor named {name}; it holds {Tensors.Count}, among them {string.Join(", ", Tensors.Keys.Take(3))}");

    public void Dispose() => file.Dispose();

    private Dictionary<string, HostTensor> ReadHeader(byte* start, long fileLength)
    {
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, 8));
        if (headerLength > HeaderCeiling) throw Broken($"its header claims {headerLength} bytes, more than {HeaderCeiling}");
        if (headerLength + 8 > (ulong)fileLength) throw Broken($"its header claims {headerLength} bytes, the file has {fileLength}");
        long dataLength = fileLength - 8 - (long)headerLength;
        byte* data = start + 8 + headerLength;
        try
        {
            var tensors = new Dictionary<string, HostTensor>();
            var ranges = new List<(long Begin, long End, string Name)>();
            var reader = new Utf8JsonReader(new ReadOnlySpan<byte>(start + 8, (int)headerLength), new JsonReaderOptions { MaxDepth = 8 });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject) throw Broken("its header is not a JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                reader.Read();
                using JsonDocument entry = JsonDocument.ParseValue(ref reader);
                if (name == "__metadata__") continue;
                HostTensor? tensor = ReadEntry(name, entry.RootElement, data, dataLength, ranges);
                if (tensor != null && !tensors.TryAdd(name, tensor)) throw Broken($"tensor {name} is listed twice");
            }
            if (reader.Read()) throw Broken("its header goes on after the closing brace");
            RequireFullCover(ranges, dataLength);
            return tensors;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw Broken("its header is not valid JSON");
        }
    }

    private HostTensor? ReadEntry(string name, JsonElement entry, byte* data, long dataLength, List<(long, long, string)> ranges)
    {
        if (entry.ValueKind != JsonValueKind.Object || !entry.TryGetProperty("dtype", out JsonElement dtype)
            || dtype.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array
            || !entry.TryGetProperty("data_offsets", out JsonElement offsets) || offsets.ValueKind != JsonValueKind.Array
            || offsets.GetArrayLength() != 2)
            throw Broken($"tensor {name} lacks dtype, shape or data_offsets");
        long begin = Number(offsets[0], name), end = Number(offsets[1], name);
        if (begin < 0 || end < begin || end > dataLength)
            throw Broken($"tensor {name} lies at bytes {begin}..{end}, the data has {dataLength}");
        long[] sizes = ReadShape(name, shape);
        StorageType type = Type(dtype.GetString()!, name);
        long elements = 1;
        foreach (long size in sizes)
        {
            if (size != 0 && elements > long.MaxValue / 16 / size)
                throw Broken($"tensor {name} has an impossible shape [{string.Join(", ", sizes)}]");
            elements *= size;
        }
        if (type.Bytes(elements) != end - begin)
            throw Broken(
                $"tensor {name} of shape [{string.Join(", ", sizes)}] and type {dtype.GetString()} needs {type.Bytes(elements)} bytes, "
                + $"its offsets give {end - begin}");
        ranges.Add((begin, end, name));
        return new HostTensor(name, type, sizes, (nint)(data + begin), file);
    }

    private long[] ReadShape(string name, JsonElement shape)
    {
        if (shape.GetArrayLength() > 8) throw Broken($"tensor {name} has {shape.GetArrayLength()} axes");
        var sizes = new long[shape.GetArrayLength()];
        for (int axis = 0; axis < sizes.Length; axis++)
        {
            sizes[axis] = Number(shape[axis], name);
            if (sizes[axis] < 0) throw Broken($"tensor {name} has a negative size");
        }
        return sizes;
    }

    private long Number(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out long value) ? value
        : throw Broken($"tensor {name} has a size or offset that is not a whole number");

    private StorageType Type(string dtype, string name) => dtype switch
    {
        "F32" => StorageType.F32,
        "F16" => StorageType.F16,
        "BF16" => StorageType.BF16,
        "I64" => StorageType.I64,
        "I32" => StorageType.I32,
        "U8" or "BOOL" => StorageType.U8,
        _ => throw Broken($"tensor {name} has the type {dtype}; F32, F16, BF16, I64, I32, U8 and BOOL can be read"),
    };

    /// <summary>As the format's own library: the tensors cover the data, without overlap, gap or rest.</summary>
    private void RequireFullCover(List<(long Begin, long End, string Name)> ranges, long dataLength)
    {
        ranges.Sort();
        long covered = 0;
        foreach ((long begin, long end, string name) in ranges)
        {
            if (begin < covered) throw Broken($"tensor {name} overlaps another one");
            if (begin > covered) throw Broken($"{begin - covered} bytes before tensor {name} belong to none");
            covered = end;
        }
        if (covered != dataLength) throw Broken($"{dataLength - covered} bytes after the last tensor belong to none");
    }

    private BadInputException Broken(string what) => new($"{Path}: broken safetensors file: {what}; fetch or convert it again");
}
