using System.Reflection;
using System.Runtime.InteropServices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Runtime.Weights.Gguf;
using LLama;
using LLama.Native;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace EdgeVideoLlava.Tests.Benchmarks.Peers.LlamaCpp;

/// <summary>A picture's rows as llama.cpp makes them of our mmproj file, beside ours.</summary>
/// <remarks>
/// llama.cpp puts the class token behind the patches, but gives positions in order: every patch gets the position of the one before it,
/// the class row that of the last patch. Then it takes all rows but the first. So its first patch is missing, and its last row is the
/// class token's. Ours with the rows of the position table turned by one must therefore be llama.cpp's, one row further on.
/// Source: ggml-org/llama.cpp, tools/mtmd/clip.cpp.
/// </remarks>
internal static class PictureFeatures
{
    private const string Library = "mtmd", Positions = "v.position_embd.weight";

    public static void Compare(string folder, string picture)
    {
        NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), Resolve);
        string language = Directory.GetFiles(folder, "language-*.gguf").Single(), mmproj = Directory.GetFiles(folder, "mmproj-*.gguf").Single();
        string scratch = Directory.CreateTempSubdirectory("edge-").FullName, fitting = Path.Combine(scratch, "picture.png");
        float[] ours = Ours(folder, fitting, picture), theirs = Theirs(language, mmproj, fitting, out string answer);
        string turned = Turned(language, mmproj, Path.Combine(scratch, "turned"));
        float[] ourTurned = Ours(turned, fitting, fitting);
        int columns = theirs.Length / Rows(folder);
        Console.WriteLine($"{Path.GetFileName(mmproj)}: loaded by llama.cpp; {theirs.Length / columns} rows of {columns}; {answer}");
        Console.WriteLine($"  ours: {Difference(ours, theirs)}");
        Console.WriteLine($"  ours without the first patch, positions turned by one: {Difference(ourTurned[columns..], theirs[..^columns])}");
        Directory.Delete(scratch, recursive: true);
    }

    private static int Rows(string folder)
    {
        using Assistant assistant = Assistant.Load(folder, new AssistantOptions { Device = "cpu", Exact = true });
        return assistant.Config.ImageTower.Positions - 1;
    }

    /// <param name="fitting">Gets the picture in the size of the tower, where the other programs' ways of resizing do not matter.</param>
    private static float[] Ours(string folder, string fitting, string picture)
    {
        using Assistant assistant = Assistant.Load(folder, new AssistantOptions { Device = "cpu", Exact = true });
        int size = assistant.Config.ImageTower.ImageSize;
        using (Image<Rgb24> image = Image.Load<Rgb24>(picture))
        {
            image.Mutate(context => context.Resize(size, size));
            image.SaveAsPng(fitting);
        }
        VisionTokens tokens = assistant.See(fitting).Tokens;
        return assistant.Model.VisionQueue.Read(tokens.Rows);
    }

    private static unsafe float[] Theirs(string language, string mmproj, string picture, out string answer)
    {
        using LLamaWeights weights = LLamaWeights.LoadFromFile(GreedyIds.Parameters(language));
        using LLamaContext context = weights.CreateContext(GreedyIds.Parameters(language));
        MtmdContextParams eyes = MtmdContextParams.Default();
        eyes.UseGpu = false;
        using MtmdWeights vision = MtmdWeights.LoadFromFile(mmproj, weights, eyes);
        using SafeMtmdEmbed media = vision.LoadMedia(picture);
        int result = vision.Tokenize($"{NativeApi.MtmdDefaultMarker() ?? "<__media__>"}\nWhat is this?", true, true, out SafeMtmdInputChunks? chunks);
        using SafeMtmdInputChunks all = chunks ?? throw new InvalidOperationException($"llama.cpp did not tokenize: {result}");
        int past = 0, evaluated = vision.EvaluateChunks(all, context.NativeHandle, ref past, 0, 512, true);
        answer = $"prompt evaluated ({evaluated}), {past} positions";
        nint handle = vision.NativeHandle.DangerousGetHandle();
        foreach (SafeMtmdInputChunk chunk in all.Enumerate())
        {
            if (chunk.Type != SafeMtmdInputChunk.SafeMtmdInputChunkType.Image) continue;
            if (mtmd_encode_chunk(handle, chunk.NativePtr) != 0) throw new InvalidOperationException("llama.cpp did not encode the picture");
            int columns = weights.EmbeddingSize;
            return new ReadOnlySpan<float>((void*)mtmd_get_output_embd(handle), (int)chunk.NTokens * columns).ToArray();
        }
        throw new InvalidOperationException("llama.cpp saw no picture");
    }

    /// <summary>The same model; position rows: the last for the class, and each patch's that of the one before it.</summary>
    private static string Turned(string language, string mmproj, string folder)
    {
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, Path.GetFileName(language)), Path.GetFullPath(language));
        string copy = Path.Combine(folder, Path.GetFileName(mmproj));
        File.Copy(mmproj, copy);
        (long at, int rows, int rowBytes) = Table(mmproj);
        using FileStream file = File.Open(copy, FileMode.Open);
        var table = new byte[rows * rowBytes];
        file.Position = at;
        file.ReadExactly(table);
        byte[] turned = [.. table.AsSpan((rows - 1) * rowBytes), .. table.AsSpan(0, (rows - 1) * rowBytes)];
        file.Position = at;
        file.Write(turned);
        return folder;
    }

    private static (long At, int Rows, int RowBytes) Table(string mmproj)
    {
        using var file = new GgufFile(mmproj);
        GgufTensor tensor = file.Tensors.Single(tensor => tensor.Name == Positions);
        return (tensor.Offset, (int)tensor.Sizes[1], (int)tensor.Sizes[0] * sizeof(float));
    }

    private static string Difference(float[] ours, float[] theirs)
    {
        double squares = 0, others = 0, errors = 0, products = 0, worst = 0;
        foreach ((float a, float b) in ours.Zip(theirs))
        {
            (squares, others, errors, products) = (squares + a * a, others + b * b, errors + (a - b) * (a - b), products + a * b);
            worst = Math.Max(worst, Math.Abs(a - b));
        }
        return FormattableString.Invariant(
            $"off by {Math.Sqrt(errors / squares):0.00%}, cosine {products / Math.Sqrt(squares * others):0.0000}, at most {worst:0.0000}");
    }

    /// <summary>LLamaSharp has loaded it from a folder of its own.</summary>
    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != Library) return 0;
        string line = File.ReadLines("/proc/self/maps").First(line => line.EndsWith("libmtmd.so", StringComparison.Ordinal));
        return NativeLibrary.Load(line[line.IndexOf('/')..]);
    }

    [DllImport(Library)]
    private static extern int mtmd_encode_chunk(nint context, nint chunk);

    [DllImport(Library)]
    private static extern nint mtmd_get_output_embd(nint context);
}
