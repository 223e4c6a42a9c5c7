using System.Diagnostics;
using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Preprocess;
using EdgeVideoLlava.Runtime.Projector;

namespace EdgeVideoLlava.Edge.Diagnostics;

/// <summary>One line of a benchmark.</summary>
/// <param name="Test">"encode 8 frames", "pp512" (prefill of 512 positions) or "tg128" (128 tokens after an empty
/// prompt), as llama-bench names them.</param>
/// <param name="Seconds">Of each repetition, the warm-up left out.</param>
/// <param name="Items">Tokens of a repetition; 1 for an encode.</param>
/// <param name="Flop">Arithmetic of a repetition (<see cref="ModelCost"/>).</param>
/// <param name="Bytes">Memory that a repetition must read; 0 where arithmetic is the limit.</param>
public sealed record BenchmarkResult(string Test, IReadOnlyList<double> Seconds, int Items, double Flop, double Bytes)
{
    public double Mean => Seconds.Average();

    /// <summary>What other programs on the machine disturb least.</summary>
    public double Fastest => Seconds.Min();

    /// <summary>Sample standard deviation in seconds.</summary>
    public double Deviation
        => Seconds.Count < 2 ? 0 : Math.Sqrt(Seconds.Sum(value => (value - Mean) * (value - Mean)) / (Seconds.Count - 1));
}

/// <summary>Times a loaded model's encode, prefill and decode on random input: the numbers do not matter, the shapes do.</summary>
internal sealed class ModelBenchmark(VideoLlava model, int repetitions)
{
    private readonly BenchmarkInput input = new(model.Config);

    /// <summary>A clip of <see cref="VideoLlavaConfig.ClipFrames"/> frames through video tower and projector.</summary>
    public BenchmarkResult Encode(CancellationToken cancel = default)
    {
        PixelValues pixels = input.Pixels();
        IReadOnlyList<double> seconds = Time(cancel, () => { }, () =>
        {
            using VisionTokens tokens = model.Encode(pixels);
            model.VisionQueue.Read(tokens.Rows.RowRange(0, 1));
        });
        return new BenchmarkResult($"encode {pixels.Frames} frames", seconds, 1,
            ModelCost.Encode(model.Config.VideoTower, model.Projector, pixels.Frames), 0);
    }

    /// <summary>Prefill of an empty conversation.</summary>
    public BenchmarkResult Prefill(int positions, CancellationToken cancel = default)
    {
        using LlamaState state = model.CreateState();
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        MergedPrompt prompt = input.Prompt(positions);
        IReadOnlyList<double> seconds = Time(cancel, () => state.Truncate(0), () =>
        {
            model.Prefill(prompt, state, logits);
            Wait(logits);
        });
        logits.Buffer.Dispose();
        return new BenchmarkResult($"pp{positions}", seconds, positions, ModelCost.Prefill(model.Language, positions), 0);
    }

    /// <summary>Greedy decoding, as answers are generated.</summary>
    /// <param name="start">Positions that the conversation has already.</param>
    public BenchmarkResult Decode(int tokens, int start = 0, CancellationToken cancel = default)
    {
        using LlamaState state = model.CreateState();
        if (start > 0) Fill(state, start, cancel);
        using var row = new DecodeRow(model, state, model.Config.Language.Vocabulary);
        using var loop = new DecodeLoop(model);
        int[] next = new int[loop.Steps];
        IReadOnlyList<double> seconds = Time(cancel, () => state.Truncate(start), () =>
        {
            for (int done = 0, id = 1; done < tokens; done += loop.Steps)
            {
                int count = Math.Min(loop.Steps, tokens - done);
                loop.Run([row], [id], next.AsSpan(0, count));
                id = next[count - 1];
            }
        });
        double bytes = Enumerable.Range(start + 1, tokens).Sum(position => ModelCost.DecodeBytes(model.Language, position));
        return new BenchmarkResult(start == 0 ? $"tg{tokens}" : $"tg{tokens} after {start}", seconds, tokens, 0, bytes);
    }

    /// <summary>The same for several conversations that take their steps together; their tokens are counted together.</summary>
    public BenchmarkResult DecodeTogether(int conversations, int tokens, CancellationToken cancel = default)
    {
        LlamaState[] states = [.. Enumerable.Range(0, conversations).Select(_ => model.CreateState())];
        DecodeRow[] rows = [.. states.Select(state => new DecodeRow(model, state, model.Config.Language.Vocabulary))];
        using var loop = new DecodeLoop(model);
        int[] last = [.. Enumerable.Repeat(1, conversations)], next = new int[conversations];
        void Restart()
        {
            foreach (LlamaState state in states) state.Truncate(0);
        }
        IReadOnlyList<double> seconds = Time(cancel, Restart, () =>
        {
            for (int done = 0; done < tokens; done++)
            {
                loop.Run(rows, last, next);
                (last, next) = (next, last);
            }
        });
        foreach (LlamaState state in states) state.Dispose();
        // Weights are read once a step, each conversation's cache by itself.
        double weights = ModelCost.DecodeBytes(model.Language, 0), bytes = Enumerable.Range(1, tokens)
            .Sum(position => weights + conversations * (ModelCost.DecodeBytes(model.Language, position) - weights));
        return new BenchmarkResult($"tg{tokens} x{conversations}", seconds, conversations * tokens, 0, bytes);
    }

    private void Fill(LlamaState state, int positions, CancellationToken cancel)
    {
        Matrix logits = model.Device.AllocateMatrix(1, model.Config.Language.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        model.Prefill(input.Prompt(positions), state, logits, cancel: cancel);
    }

    private void Wait(Matrix logits)
    {
        Span<float> one = stackalloc float[1];
        model.LanguageQueue.Read(logits.ColumnRange(0, 1), one);
    }

    private List<double> Time(CancellationToken cancel, Action prepare, Action run)
    {
        var seconds = new List<double>();
        for (int repetition = -1; repetition < repetitions; repetition++)
        {
            cancel.ThrowIfCancellationRequested();
            prepare();
            long started = Stopwatch.GetTimestamp();
            run();
            if (repetition >= 0) seconds.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return seconds;
    }
}
