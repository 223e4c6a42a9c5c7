using EdgeVideoLlava.Kernels.Cpu;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Quantizer.Conversion;
using EdgeVideoLlava.Quantizer.Quality;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Tests.Unit.Quantizer.Conversion;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Quantizer.Quality;

/// <summary>Every type of file answers, and as nearly as its bits allow what the F16 file answers.</summary>
/// <remarks>The small checkpoints of both layouts have random weights, whose likeliest words are nearly ties; the built-in model is
/// trained.</remarks>
public sealed class AgreementTests(ITestOutputHelper output) : IDisposable
{
    private const int AnswerTokens = 32;

    private static readonly string[] Paths = ["exact", "fast", "opencl"];

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Models => ["original-tiny", "hf-tiny", "built-in"];

    public void Dispose() => folder.Dispose();

    /// <summary>The table of docs/benchmarks.md. Fewer bits lose more, and devices agree on how much.</summary>
    [Theory, Trait("Category", "long"), MemberData(nameof(Models))]
    public void Every_type_answers_on_every_device(string model)
    {
        string[] types = [.. FileType.All.Select(type => type.Name)];
        Agreement[] rows = Compare(model, types, model == "built-in" ? Files(6, 4) : Files(2, 2));
        if (model == "built-in") Assert.All(rows, row => Assert.InRange(row.Answers, 9, 10));
        else
        {
            double Lost(string type) => rows.Single(row => row.Type == type && row.Path == "exact").Report.Mean;
            string[][] finer = [["f32", "f16"], ["bf16"], ["q8_0"], ["q6_k"], ["q5_k_m", "q5_k_s", "q5_0"], ["q4_k_m", "q4_k_s", "q4_0"]];
            Assert.All(finer.Zip(finer.Skip(1)), pair => Assert.True(pair.First.Max(Lost) <= pair.Second.Min(Lost) + 1e-9));
        }
    }

    [Theory, InlineData("hf-tiny", "q5_k_s"), InlineData("built-in", "q4_0")]
    public void A_type_answers(string model, string type) => Compare(model, [type], Files(1, 1));

    private Agreement[] Compare(string model, string[] types, string[] files)
    {
        string source = model == "built-in" ? ShapesAnswers.Model : Golden.Path($"{model}/checkpoint");
        using CpuDevice cpu = new() { IsExact = true }, fast = new() { IsExact = false };
        using Assistant reference = Assistant.Load(Convert(source, "f16"), cpu);
        int[][] expected = [.. files.Select(file => Answer(reference, file))];
        output.WriteLine($"{model}: {files.Length} answers, {expected.Sum(ids => ids.Length)} ids");
        var all = new List<Agreement>();
        foreach (string type in types)
        {
            Agreement[] row = [.. Paths.Select(path => Measure(reference, expected, files, Convert(source, type), type, path,
                path == "opencl" ? TestDevices.Get(TestDevice.OpenCl) : path == "fast" ? fast : cpu))];
            output.WriteLine($"| {type} | {string.Join(" | ", row.Select(cell => cell.ToString()))} |");
            all.AddRange(row);
        }
        foreach (Agreement[] row in all.Chunk(Paths.Length)) Check(row[0].Report.Mean, row[1], row[2].Report.Mean);
        return [.. all];
    }

    private static Agreement Measure(Assistant reference, int[][] expected, string[] files, string model, string type, string path,
        ComputeDevice device)
    {
        using Assistant other = Assistant.Load(model, device);
        int[][] got = [.. files.Select(file => Answer(other, file))];
        Assert.All(got, ids => Assert.NotEmpty(ids));
        var divergence = new Divergence();
        ModelComparison.OnMedia(divergence, reference, other, files, Assistant.Question, TestContext.Current.CancellationToken);
        return new Agreement(type, path, got.Zip(expected).Count(pair => pair.First.SequenceEqual(pair.Second)),
            got.Zip(expected).Sum(pair => pair.First.Zip(pair.Second).TakeWhile(two => two.First == two.Second).Count()),
            divergence.Report());
    }

    /// <summary>The weights are the same on every device; only the fast path rounds activations, and that to more bits than 4.</summary>
    private static void Check(double exact, Agreement fast, double opencl)
    {
        Assert.Equal(exact, opencl, 1e-7 + 0.001 * exact);
        bool isBlocks = fast.Type is not ("f32" or "f16" or "bf16");
        Assert.Equal(exact, fast.Report.Mean, isBlocks ? 0.02 + 0.2 * exact : 1e-7 + 0.001 * exact);
        if (isBlocks) Assert.True(exact > 1e-7);
    }

    private string Convert(string source, string type)
    {
        string target = Path.Combine(folder.Path, type);
        if (!Directory.Exists(target)) ModelQuantizer.Run(source, target, ModelQuantizerTests.Options(type));
        return target;
    }

    private static int[] Answer(Assistant assistant, string file)
    {
        using Conversation conversation = assistant.Start();
        conversation.Show(assistant.See(file).Tokens);
        return [.. conversation.Ask(Assistant.Question, new GenerationOptions { MaxTokens = AnswerTokens }).Ids];
    }

    private static string[] Files(int clips, int pictures)
    {
        string world = Path.Combine(ShapesAnswers.Model, "..");
        return [.. Enumerable.Range(0, clips).Select(i => Path.Combine(world, "clips", $"clip_{i:00}.mp4")),
            .. Enumerable.Range(0, pictures).Select(i => Path.Combine(world, "pictures", $"picture_{i:00}.png"))];
    }

    /// <summary>Answers that are the F16 file's, and their ids before the first difference; likeliest ids along the F16 file's answers, and
    /// the mean divergence there.</summary>
    private sealed record Agreement(string Type, string Path, int Answers, int Ids, DivergenceReport Report)
    {
        public override string ToString()
            => FormattableString.Invariant($"{Answers} | {Ids} | {Report.TopAgreementPercent:0.0} % | {Report.Mean:0.0e0}");
    }
}
