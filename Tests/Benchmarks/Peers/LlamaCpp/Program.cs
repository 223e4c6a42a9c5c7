using System.Diagnostics;
using System.Text;
using System.Text.Json;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text.Prompts;
using LLama;
using LLama.Common;
using LLama.Native;

// Whether llama.cpp opens files of ours and says what we say:
//   greedy TEXT TOKENS FILE...       greedy ids of both, from the same prompt
//   mmproj LANGUAGE MMPROJ PICTURE   llama.cpp encodes a picture and puts it before a question
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
    case ["mmproj", var language, var mmproj, var picture]:
        await AnswerAsync(language, mmproj, picture);
        return 0;
    case ["quantize", var file, var type, var threads]:
        Quantize(file, type, int.Parse(threads));
        return 0;
    case ["speed" or "speed-avx2", var threads, .. var files]:
        foreach (string file in files) Speed(file, int.Parse(threads), avx2);
        return 0;
    default:
        Console.Error.WriteLine(
            "greedy TEXT TOKENS FILE... | mmproj LANGUAGE MMPROJ PICTURE | quantize FILE TYPE THREADS | speed[-avx2] THREADS FILE...");
        return 1;
}

static ModelParams Parameters(string file) => new(file) { ContextSize = 512, GpuLayerCount = 0, FlashAttention = false,
    TypeK = GGMLType.GGML_TYPE_F32, TypeV = GGMLType.GGML_TYPE_F32 };

static void Greedy(string file, string text, int count)
{
    using Assistant assistant = Assistant.Load(file, new AssistantOptions { Device = "cpu" });
    using Conversation conversation = assistant.Start(PromptTemplate.Get("raw"));
    int[] ours = [.. conversation.Ask(text, new GenerationOptions { MaxTokens = count }).Ids];
    using LLamaWeights weights = LLamaWeights.LoadFromFile(Parameters(file));
    using LLamaContext context = weights.CreateContext(Parameters(file));
    LLamaToken[] prompt = weights.Tokenize(text, true, false, Encoding.UTF8);
    bool samePrompt = prompt.Select(token => (int)token).SequenceEqual(assistant.Tokenizer.Encode(text));
    int[] theirs = Continue(context, prompt, ours.Length);
    int same = ours.Zip(theirs).TakeWhile(pair => pair.First == pair.Second).Count();
    Console.WriteLine($"{Path.GetFileName(file)}: loaded by llama.cpp; prompt ids {(samePrompt ? "equal" : "differ")}; "
        + $"{same} of {ours.Length} greedy ids equal before the first difference");
}

static int[] Continue(LLamaContext context, LLamaToken[] prompt, int count)
{
    var ids = new List<int>();
    var batch = new LLamaBatch();
    for (int i = 0; i < prompt.Length; i++) batch.Add(prompt[i], i, LLamaSeqId.Zero, i == prompt.Length - 1);
    while (true)
    {
        if (context.Decode(batch) != DecodeResult.Ok) throw new InvalidOperationException("llama.cpp did not decode");
        ReadOnlySpan<float> logits = context.NativeHandle.GetLogitsIth(batch.TokenCount - 1);
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best]) best = i;
        }
        ids.Add(best);
        if (ids.Count == count) return [.. ids];
        batch.Clear();
        batch.Add(best, prompt.Length + ids.Count - 1, LLamaSeqId.Zero, true);
    }
}

static async Task AnswerAsync(string language, string mmproj, string picture)
{
    ModelParams parameters = Parameters(language);
    using LLamaWeights weights = LLamaWeights.LoadFromFile(parameters);
    using LLamaContext context = weights.CreateContext(parameters);
    MtmdContextParams eyes = MtmdContextParams.Default();
    eyes.UseGpu = false;
    using MtmdWeights vision = await MtmdWeights.LoadFromFileAsync(mmproj, weights, eyes);
    Console.WriteLine($"{Path.GetFileName(mmproj)}: loaded by llama.cpp; sees pictures: {vision.SupportsVision}");
    using SafeMtmdEmbed media = vision.LoadMedia(picture);
    string marker = NativeApi.MtmdDefaultMarker() ?? "<__media__>";
    int result = vision.Tokenize($"{marker}\nWhat is this?", true, true, out SafeMtmdInputChunks? chunks);
    int past = 0;
    int evaluated = vision.EvaluateChunks(chunks!, context.NativeHandle, ref past, 0, 512, true);
    Console.WriteLine($"tokenized ({result}), evaluated ({evaluated}): {past} positions");
    chunks!.Dispose();
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
