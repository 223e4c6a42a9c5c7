using System.Diagnostics;
using System.Text.Json;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Benchmarks.Peers.LlamaCpp;
using LLama;
using LLama.Common;
using LLama.Native;

// Whether llama.cpp opens files of ours and says what we say:
//   greedy TEXT TOKENS FILE...       greedy ids of both, from the same prompt
//   types TEXT TOKENS MODEL...       the same of a model's language file in every type
//   mmproj FOLDER PICTURE            the features of both of a picture, before a question
//   quantize FILE TYPE THREADS       seconds of both for the same file, in turns
//   speed THREADS FILE...            tokens a second of both, in turns: prefill of 512, generation of 128 (needs a built edge)
//   speed-avx2 THREADS FILE...       the same as on a processor that has AVX2 and nothing beyond it
NativeLibraryConfig.All.WithLogCallback((level, line) =>
{
    if (level >= LLamaLogLevel.Error) Console.Error.Write(line);
});
bool avx2 = args is ["speed-avx2", ..];
if (avx2) NativeLibraryConfig.All.WithAvx(AvxLevel.Avx2);
NativeApi.llama_empty_call(); // loads the native library
switch (args)
{
    case ["greedy", var text, var tokens, .. var files]:
        foreach (string file in files) Greedy(file, text, int.Parse(tokens));
        return 0;
    case ["types", var text, var tokens, .. var models]:
        foreach (string model in models) Types(model, text, int.Parse(tokens));
        return 0;
    case ["mmproj", var converted, var picture]:
        PictureFeatures.Compare(converted, picture);
        return 0;
    case ["quantize", var file, var type, var threads]:
        Quantize(file, type, int.Parse(threads));
        return 0;
    case ["speed" or "speed-avx2", var threads, .. var files]:
        foreach (string file in files) Speed(file, int.Parse(threads), avx2);
        return 0;
    default:
        Console.Error.WriteLine(
            "greedy TEXT TOKENS FILE... | types TEXT TOKENS MODEL... | mmproj FOLDER PICTURE | quantize FILE TYPE THREADS | speed[-avx2] THREADS FILE...");
        return 1;
}

static void Greedy(string file, string text, int count)
    => Console.WriteLine($"{Path.GetFileName(file)}: loaded by llama.cpp; {GreedyIds.Compare(file, text, count)}");

static void Types(string model, string text, int count)
{
    string folder = Directory.CreateTempSubdirectory("edge-").FullName;
    foreach (FileType type in FileType.All)
    {
        string target = Path.Combine(folder, type.Name);
        ModelQuantizer.Run(model, target, new QuantizerOptions { Type = type, Force = true });
        Console.WriteLine($"{Path.GetFileName(Path.GetDirectoryName(model))}/{Path.GetFileName(model)} as {type.Name}: "
            + GreedyIds.Compare(Path.Combine(target, $"language-{type.Name}.gguf"), text, count));
        Directory.Delete(target, recursive: true);
    }
    Directory.Delete(folder);
}

static void Quantize(string file, string type, int threads)
{
    string folder = Directory.CreateTempSubdirectory("edge-").FullName, ours = Path.Combine(folder, "ours.gguf");
    string theirs = Path.Combine(folder, "theirs.gguf");
    var options = new QuantizerOptions { Type = FileType.Find(type)!, Threads = threads };
    for (int round = 0; round < 3; round++)
    {
        long start = Stopwatch.GetTimestamp();
        ModelQuantizer.Run(file, ours, options);
        TimeSpan own = Stopwatch.GetElapsedTime(start);
        start = Stopwatch.GetTimestamp();
        LLamaQuantizer.Quantize(file, theirs, type, threads, true, true);
        TimeSpan other = Stopwatch.GetElapsedTime(start);
        bool equal = File.ReadAllBytes(ours).AsSpan().SequenceEqual(File.ReadAllBytes(theirs));
        Console.WriteLine(FormattableString.Invariant(
            $"{type}, {threads} threads: {own.TotalSeconds:0.00} s, llama.cpp {other.TotalSeconds:0.00} s; files {(equal ? "equal" : "differ")}"));
    }
    Directory.Delete(folder, recursive: true);
}

static void Speed(string file, int threads, bool avx2)
{
    double ourPrefill = 0, ourDecode = 0, prefill = 0, decode = 0;
    for (int turn = 0; turn < 3; turn++) // the fastest round of three turns: the machine may be busy with other work
    {
        (double pp, double tg) = Edge(file, threads, avx2);
        (ourPrefill, ourDecode) = (Math.Max(ourPrefill, pp), Math.Max(ourDecode, tg));
        (pp, tg) = LlamaCpp(file, threads);
        (prefill, decode) = (Math.Max(prefill, pp), Math.Max(decode, tg));
    }
    Console.WriteLine(FormattableString.Invariant($"{Path.GetFileName(file)}, {threads} threads{(avx2 ? ", AVX2" : "")}: ")
        + FormattableString.Invariant($"pp512 {ourPrefill:0} and llama.cpp's {prefill:0} tokens/s ({ourPrefill / prefill:0.00}x), ")
        + FormattableString.Invariant($"tg128 {ourDecode:0.0} and {decode:0.0} ({ourDecode / decode:0.00}x)"));
}

static (double Prefill, double Decode) Edge(string file, int threads, bool avx2)
{
    string repository = AppContext.BaseDirectory[..AppContext.BaseDirectory.IndexOf("/Tests/", StringComparison.Ordinal)];
    string program = Path.Combine(repository, "Samples/Edge/bin/Release/net10.0/linux-x64/edge");
    string[] arguments = ["bench", "--model", file, "--device", "cpu", "--threads", $"{threads}", "--repeat", "3", "--json"];
    var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
    if (avx2) (start.Environment["DOTNET_EnableAVX512"], start.Environment["DOTNET_EnableAVXVNNI"]) = ("0", "0");
    using Process process = Process.Start(start)!;
    using JsonDocument report = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
    double Fastest(string test)
    {
        JsonElement result = report.RootElement.GetProperty("results").EnumerateArray()
            .Single(result => result.GetProperty("test").GetString() == test);
        return result.GetProperty("tokens").GetInt32() / result.GetProperty("fastest_seconds").GetDouble();
    }
    return (Fastest("pp512"), Fastest("tg128"));
}

static (double Prefill, double Decode) LlamaCpp(string file, int threads)
{
    var parameters = new ModelParams(file)
    {
        ContextSize = 1024, Threads = threads, BatchThreads = threads, BatchSize = 512, UBatchSize = 512, GpuLayerCount = 0,
    };
    using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
    using LLamaContext context = weights.CreateContext(parameters);
    SafeLLamaContextHandle handle = context.NativeHandle;
    var batch = new LLamaBatch();
    double Time(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        handle.Synchronize();
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
    double prefill = double.PositiveInfinity, decode = double.PositiveInfinity;
    for (int round = 0; round <= 3; round++)
    {
        handle.MemoryClear(true);
        batch.Clear();
        for (int i = 0; i < 512; i++) batch.Add(i + 100, i, LLamaSeqId.Zero, i == 511);
        prefill = Math.Min(prefill, Time(() => context.Decode(batch)));
        handle.MemoryClear(true);
        decode = Math.Min(decode, Time(() =>
        {
            for (int i = 0; i < 128; i++)
            {
                batch.Clear();
                batch.Add(i + 100, i, LLamaSeqId.Zero, true);
                context.Decode(batch);
            }
        }));
    }
    return (512 / prefill, 128 / decode);
}
