using System.Buffers.Binary;
using System.Text;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Kernels.Packing;
using EdgeVideoLlava.Runtime.Files;

namespace EdgeVideoLlava.Runtime.Weights.Torch;

/// <summary>A tensor of a PyTorch file, row-major.</summary>
/// <param name="IsWhole">Checks its bytes against their checksum, the first time; throws where they are others. Null: there is
/// none.</param>
internal sealed record TorchTensor(StorageType Type, IReadOnlyList<long> Shape, nint Address, Lazy<bool>? IsWhole);

/// <summary>Where the numbers of a storage lie.</summary>
internal sealed record TorchStorage(long Offset, long Bytes, Lazy<bool>? IsWhole = null);

/// <summary>A state dictionary that torch.save wrote, memory-mapped: a zip archive, or the form before PyTorch 1.6. Nothing in it is
/// run.</summary>
/// <remarks>
/// Zip: NAME/data.pkl, the dictionary with views of storages, and NAME/data/KEY, their numbers, little-endian, uncompressed. Before 1.6:
/// five pickles (magic number, version, system, dictionary, keys of the storages), then for each key a count and the numbers.
/// A zip's checksums are held against the bytes when these are read first: of the dictionary at once, of a storage with its first tensor.
/// </remarks>
internal sealed unsafe class TorchFile : IDisposable
{
    private const long PickleCeiling = 16 << 20, CopyAllowance = 32 << 20;

    private readonly MappedFile file;

    public MappedFile File => file;
    private readonly List<HostMemory> copies = [];
    private long copied;

    /// <summary>Maps a file and reads its dictionary.</summary>
    /// <exception cref="BadInputException">
    /// The file is missing, contradicts itself, or asks for something that is no part of a state dictionary.
    /// </exception>
    public TorchFile(string path)
    {
        file = new MappedFile(path);
        try
        {
            Tensors = StoredZip.Is(file) ? ReadZip() : ReadLegacy();
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

    public IReadOnlyDictionary<string, TorchTensor> Tensors { get; }

    public void Dispose()
    {
        foreach (HostMemory copy in copies) copy.Dispose();
        file.Dispose();
    }

    internal static BadInputException Broken(string path, long at, string what)
        => new($"{path}: broken PyTorch file at byte {at}: {what}; fetch it again, or take the safetensors form of the checkpoint");

    private Dictionary<string, TorchTensor> ReadZip()
    {
        var zip = new StoredZip(file);
        string[] pickles = [.. zip.Entries.Keys.Where(name => name.EndsWith("/data.pkl", StringComparison.Ordinal))];
        if (pickles.Length != 1) throw Broken(Path, 0, $"{pickles.Length} entries data.pkl in place of one");
        string prefix = pickles[0][..^"data.pkl".Length];
        if (zip.Entries.TryGetValue(prefix + "byteorder", out ZipEntry? order))
        {
            string name = Encoding.ASCII.GetString(file.Span(order.Offset, (int)Math.Min(order.Bytes, 16)));
            if (name != "little") throw Broken(Path, order.Offset, $"its byte order is '{name}'; little can be read");
        }
        ZipEntry pickle = zip.Entries[pickles[0]];
        Unpickler reader = Pickle(pickle.Offset, pickle.Bytes);
        zip.Verify(pickle);
        var storages = new Dictionary<string, TorchStorage>();
        return Make(reader.Read(), storage =>
        {
            if (storages.TryGetValue(storage.Key, out TorchStorage? known)) return known;
            if (!zip.Entries.TryGetValue($"{prefix}data/{storage.Key}", out ZipEntry? entry))
                throw Broken(Path, pickle.Offset, $"the storage {storage.Key} is missing");
            return storages[storage.Key] = new TorchStorage(entry.Offset, entry.Bytes, new Lazy<bool>(() =>
            {
                zip.Verify(entry);
                return true;
            }));
        });
    }

    private Dictionary<string, TorchTensor> ReadLegacy()
    {
        ReadOnlySpan<byte> magic = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E];
        if (file.Bytes < magic.Length || !file.Span(0, magic.Length).SequenceEqual(magic))
            throw Broken(Path, 0, "it begins neither as a zip archive nor as a PyTorch file before 1.6");
        long at = magic.Length;
        object? version = Next(), system = Next();
        if (version is not 1001L || system is not Dictionary<string, object?> { } known
            || known.GetValueOrDefault("little_endian") is not true)
            throw Broken(Path, magic.Length, "its version is not 1001, or its byte order not little-endian");
        object? dictionary = Next();
        if (Next() is not List<object?> keys) throw Broken(Path, at, "the list of its storages is missing");
        var storages = new Dictionary<string, TorchStorage>();
        Dictionary<string, StorageType> types = Storages(dictionary);
        foreach (object? key in keys)
        {
            if (key is not string name || !types.TryGetValue(name, out StorageType type))
                throw Broken(Path, at, "a storage that no tensor uses");
            if (file.Bytes - at < 8) throw Broken(Path, at, $"the storage {name} is missing");
            long count = BinaryPrimitives.ReadInt64LittleEndian(file.Span(at, 8));
            at += 8;
            if (count < 0 || count > (file.Bytes - at) / type.ElementBytes())
                throw Broken(Path, at, $"the storage {name} claims {count} numbers");
            if (!storages.TryAdd(name, new TorchStorage(at, count * type.ElementBytes())))
                throw Broken(Path, at, $"the storage {name} twice");
            at += count * type.ElementBytes();
        }
        return Make(dictionary, storage => storages.TryGetValue(storage.Key, out TorchStorage? place) ? place
            : throw Broken(Path, at, $"the storage {storage.Key} is missing"));

        object? Next()
        {
            Unpickler pickle = Pickle(at, Math.Min(PickleCeiling, file.Bytes - at));
            object? value = pickle.Read();
            at = pickle.Position;
            return value;
        }
    }

    private Unpickler Pickle(long offset, long bytes)
        => bytes <= PickleCeiling ? new Unpickler(file, offset, bytes)
            : throw Broken(Path, offset, $"a pickle of {bytes} bytes; at most {PickleCeiling} are read");

    private Dictionary<string, StorageType> Storages(object? dictionary)
    {
        var types = new Dictionary<string, StorageType>();
        foreach (object? value in (dictionary as Dictionary<string, object?>)?.Values ?? Enumerable.Empty<object?>())
        {
            if (value is PickleTensor tensor) types[tensor.Storage.Key] = tensor.Storage.Type;
        }
        return types;
    }

    private Dictionary<string, TorchTensor> Make(object? root, Func<PickleStorage, TorchStorage> find)
    {
        if (root is not Dictionary<string, object?> dictionary) throw Broken(Path, 0, "it holds no dictionary of tensors");
        var tensors = new Dictionary<string, TorchTensor>();
        foreach ((string name, object? value) in dictionary)
        {
            if (value is not PickleTensor view) throw Broken(Path, 0, $"{name} is no tensor");
            tensors.Add(name, View(name, view, find(view.Storage)));
        }
        return tensors;
    }

    /// <summary>A view into a storage: where it lies if it is row-major, else a copy.</summary>
    private TorchTensor View(string name, PickleTensor view, TorchStorage storage)
    {
        (long storageOffset, long storageBytes, Lazy<bool>? isWhole) = storage;
        StorageType type = view.Storage.Type;
        int size = type.ElementBytes();
        if ((Int128)view.Storage.Count * size != storageBytes)
            throw Broken(Path, storageOffset, $"the storage of {name} claims {view.Storage.Count} numbers, {storageBytes} bytes are there");
        if (view.Sizes.Length != view.Strides.Length || view.Offset < 0 || view.Sizes.Any(length => length < 0)
            || view.Strides.Any(stride => stride < 0))
            throw Broken(Path, storageOffset, $"{name} has an impossible shape, stride or offset");
        Int128 elements = 1, last = view.Offset;
        for (int axis = 0; axis < view.Sizes.Length; axis++)
        {
            elements *= view.Sizes[axis];
            last += (Int128)(view.Sizes[axis] - 1) * view.Strides[axis];
            if (elements > long.MaxValue / 16) throw Broken(Path, storageOffset, $"{name} has an impossible shape");
        }
        if (elements > 0 && last >= view.Storage.Count)
            throw Broken(Path, storageOffset, $"{name} reaches number {last} of a storage of {view.Storage.Count}");
        nint start = file.Address + (nint)(storageOffset + view.Offset * size);
        if (elements == 0 || IsRowMajor(view)) return new TorchTensor(type, view.Sizes, start, isWhole);
        _ = isWhole?.Value;
        return new TorchTensor(type, view.Sizes, Copy(name, view, start, (long)elements, size), isWhole);
    }

    private static bool IsRowMajor(PickleTensor view)
    {
        long expected = 1;
        for (int axis = view.Sizes.Length - 1; axis >= 0; axis--)
        {
            if (view.Sizes[axis] != 1 && view.Strides[axis] != expected) return false;
            expected *= view.Sizes[axis];
        }
        return true;
    }

    private nint Copy(string name, PickleTensor view, nint start, long elements, int size)
    {
        copied += elements * size;
        if (elements > int.MaxValue || copied > file.Bytes + CopyAllowance)
            throw Broken(Path, 0, $"{name} repeats so few numbers so often that it is larger than the file");
        var memory = new HostMemory(elements * size, mebibytes => $"no memory for {mebibytes} MiB of {name}; close other programs");
        copies.Add(memory);
        var index = new long[view.Sizes.Length];
        byte* target = (byte*)memory.Address;
        for (long i = 0; i < elements; i++, target += size)
        {
            long at = 0;
            for (int axis = 0; axis < index.Length; axis++) at += index[axis] * view.Strides[axis];
            Buffer.MemoryCopy((byte*)start + at * size, target, size, size);
            for (int axis = index.Length - 1; axis >= 0 && ++index[axis] == view.Sizes[axis]; axis--) index[axis] = 0;
        }
        return memory.Address;
    }
}
