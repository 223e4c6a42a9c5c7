using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace EdgeVideoLlava.Tests.Unit.Support;

/// <summary>A tensor over the one storage of a made file.</summary>
internal sealed record TorchView(string Name, int Offset, int[] Sizes, int[] Strides);

/// <summary>Writes PyTorch zip files as torch.save would, of one float32 storage with views.</summary>
internal static class TorchWriter
{
    public static string Write(TemporaryFolder folder, string name, float[] storage, params TorchView[] views)
    {
        string path = Path.Combine(folder.Path, name);
        using ZipArchive zip = new(File.Create(path), ZipArchiveMode.Create);
        string items = string.Concat(views.Select(view => Item(view, storage.Length)));
        Entry("made/data.pkl", Encoding.Latin1.GetBytes($"\u0080\u0002}}({items}u."));
        Entry("made/data/0", MemoryMarshal.AsBytes<float>(storage).ToArray());
        return path;

        void Entry(string entry, byte[] content)
        {
            using Stream stream = zip.CreateEntry(entry, CompressionLevel.NoCompression).Open();
            stream.Write(content);
        }
    }

    /// <summary>Row-major tensors one behind the other.</summary>
    public static string Write(TemporaryFolder folder, string name, params (string Name, int[] Sizes, float[] Numbers)[] tensors)
    {
        var views = new List<TorchView>();
        int offset = 0;
        foreach ((string tensor, int[] sizes, float[] numbers) in tensors)
        {
            int[] strides = [.. sizes.Select((_, axis) => sizes.Skip(axis + 1).Aggregate(1, (product, size) => product * size))];
            views.Add(new TorchView(tensor, offset, sizes, strides));
            offset += numbers.Length;
        }
        return Write(folder, name, [.. tensors.SelectMany(tensor => tensor.Numbers)], [.. views]);
    }

    private static string Item(TorchView view, int count)
        => $"{Words(view.Name)}ctorch._utils\n_rebuild_tensor_v2\n(({Words("storage")}ctorch\nFloatStorage\n{Words("0")}{Words("cpu")}"
            + $"{Number(count)}tQ{Number(view.Offset)}({string.Concat(view.Sizes.Select(Number))}t"
            + $"({string.Concat(view.Strides.Select(Number))}t"
            + "\u0089ccollections\nOrderedDict\n)RtR";

    private static string Words(string text) => $"X{(char)text.Length}\0\0\0{text}";

    private static string Number(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return "J" + Encoding.Latin1.GetString(bytes);
    }
}
