using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Runtime.Generation;
using EdgeVideoLlava.Runtime.Text;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Generation;

/// <summary>When an answer ends, and which tokens it may hold.</summary>
public sealed class GeneratorTests
{
    private const string Tiny = "original-tiny/checkpoint", Hf = "hf-tiny/checkpoint";

    private static Answer Run(TinyModel tiny, int[] ids, GenerationOptions options, Action<string>? text = null,
        CancellationToken cancel = default)
    {
        using var generator = new Generator(tiny.Model, TextTokenizer.Load(Folder(tiny)));
        return generator.Run(tiny.Prompt(ids), options, null, text, cancel);
    }

    private static string Folder(TinyModel tiny) => Golden.Path(tiny.Model.Config.ImageTokenId == null ? Tiny : Hf);

    private static DoctoredCheckpoint Doctored(string source) => new(Golden.Path(source));

    [Fact]
    public void An_answer_ends_after_the_wanted_number_of_tokens()
    {
        using TinyModel tiny = TinyModel.Original();
        Answer answer = Run(tiny, tiny.Text(10), new GenerationOptions { MaxTokens = 5 });
        Assert.Equal((StopReason.MaxTokens, 5, 10, 10), (answer.Stop, answer.Ids.Count, answer.PromptPositions, answer.PrefilledPositions));
    }

    [Theory, InlineData(50, 11), InlineData(58, 3), InlineData(59, 2)]
    public void An_answer_that_reaches_the_end_of_the_context_says_so(int prompt, int tokens)
    {
        using DoctoredCheckpoint copy = Doctored(Tiny).Config(config => config["max_position_embeddings"] = 60);
        using TinyModel small = new(copy.Path), large = TinyModel.Original();
        Answer answer = Run(small, small.Text(prompt), new GenerationOptions());
        // The last token is chosen by the last position's logits and needs no position of its own.
        Assert.Equal((StopReason.Context, tokens), (answer.Stop, answer.Ids.Count));
        Assert.Equal(Run(large, large.Text(prompt), new GenerationOptions { MaxTokens = tokens }).Ids, answer.Ids);
    }

    [Theory, InlineData(60, 1), InlineData(61, 2), InlineData(100, 41)]
    public void A_prompt_that_leaves_no_room_for_an_answer_says_by_how_much(int prompt, int over)
    {
        using DoctoredCheckpoint copy = Doctored(Tiny).Config(config => config["max_position_embeddings"] = 60);
        using TinyModel small = new(copy.Path);
        string message = Assert.Throws<BadInputException>(() => Run(small, small.Text(prompt), new GenerationOptions())).Message;
        Assert.Contains($"takes {prompt} positions, the model has 60: {over} too many", message);
    }

    [Fact]
    public void The_configs_end_token_ends_an_answer()
    {
        using TinyModel plain = TinyModel.Original();
        int[] ids = plain.Text(10);
        IReadOnlyList<int> free = Run(plain, ids, new GenerationOptions { MaxTokens = 8 }).Ids;
        int third = Enumerable.Range(1, 7).First(i => !free.Take(i).Contains(free[i]));
        using DoctoredCheckpoint copy = Doctored(Tiny).Config(config => config["eos_token_id"] = free[third]);
        using var ending = new TinyModel(copy.Path);
        Answer answer = Run(ending, ids, new GenerationOptions { MaxTokens = 8 });
        Assert.Equal((StopReason.EndToken, third + 1), (answer.Stop, answer.Ids.Count));
        Assert.Equal(free.Take(third + 1), answer.Ids);
    }

    [Fact]
    public void A_row_beyond_the_tokenizers_pieces_wins_in_a_trace_and_is_never_sampled()
    {
        const int row = 560; // the tokenizer has 512 pieces, the table 576 rows
        using DoctoredCheckpoint copy = Doctored(Hf);
        using TinyModel plain = new(copy.Path);
        int[] ids = [1, .. Enumerable.Range(300, 12)];
        int best = TinyModel.Best(plain.Fresh(plain.Prompt(ids)));
        IReadOnlyList<int> expected = Run(plain, ids, new GenerationOptions { MaxTokens = 12 }).Ids;
        copy.Tensors(tensors =>
        {
            (long[] shape, float[] head) = tensors.Single(pair => pair.Key.EndsWith("lm_head.weight")).Value;
            int hidden = (int)shape[1];
            for (int c = 0; c < hidden; c++) head[row * hidden + c] = 10 * head[best * hidden + c];
        });
        using var doctored = new TinyModel(copy.Path);
        Assert.Equal(row, TinyModel.Best(doctored.Fresh(doctored.Prompt(ids))));
        TraceFile trace = new ForwardTrace(doctored.Model, greedy: 1, endId: 2).Run([], [ids], [0]);
        Assert.Equal([row], trace.Find("greedy_ids")!.Ids!);
        Assert.Equal(expected, Run(doctored, ids, new GenerationOptions { MaxTokens = 12 }).Ids);
        foreach (float temperature in new[] { 0f, 0.7f, 50f })
        {
            var sampling = new SamplingOptions { Temperature = temperature, RepetitionPenalty = 1.05f, Seed = 3 };
            Assert.All(Run(doctored, ids, new GenerationOptions { MaxTokens = 40, Sampling = sampling }).Ids, id
                => Assert.InRange(id, 0, 511));
        }
    }

    [Theory, InlineData(0f), InlineData(0.5f)]
    public void Scores_that_are_no_numbers_are_a_failed_device(float temperature)
    {
        using DoctoredCheckpoint copy = Doctored(Tiny).Tensors(tensors => tensors["model.norm.weight"].Values.AsSpan().Fill(float.NaN));
        using var broken = new TinyModel(copy.Path);
        var options = new GenerationOptions { Sampling = new SamplingOptions { Temperature = temperature } };
        Assert.Contains("not numbers", Assert.Throws<DeviceFailedException>(() => Run(broken, broken.Text(5), options)).Message);
    }

    [Fact]
    public void A_cancelled_prefill_of_a_second_prompt_leaves_nothing_of_it()
    {
        using TinyModel tiny = TinyModel.Original();
        using var generator = new Generator(tiny.Model, TextTokenizer.Load(Folder(tiny)));
        int[] first = tiny.Text(20), second = [.. first[..10], .. tiny.Text(30, seed: 2)];
        var five = new GenerationOptions { MaxTokens = 5 };
        generator.Run(tiny.Prompt(first), five, null);
        Answer cancelled = generator.Run(tiny.Prompt(second), five, null, cancel: new CancellationToken(canceled: true));
        Assert.Equal((StopReason.Cancelled, 0, ""), (cancelled.Stop, cancelled.Ids.Count, cancelled.Text));
        Assert.Equal((0, 40), (cancelled.PrefilledPositions, cancelled.PromptPositions));
        Answer again = generator.Run(tiny.Prompt(second), five, null);
        Assert.Equal(40, again.PrefilledPositions); // nothing counts as cached
        Assert.Equal(Run(tiny, second, five).Ids, again.Ids);
    }

    [Fact]
    public void An_answer_that_ends_inside_a_character_shows_what_the_reference_shows()
    {
        TextTokenizer tokenizer = TextTokenizer.Load(Golden.Path(Tiny));
        int[] ids = [300, 0xe4 + 3, 0xbd + 3]; // two of the three bytes of U+4F60
        string shown = "";
        var answer = new AnswerText(tokenizer, -1, new GenerationOptions(), null, piece => shown += piece);
        Assert.All(ids, id => Assert.Null(answer.Add(id)));
        Assert.DoesNotContain('\ufffd', shown);
        string whole = answer.Finish();
        Assert.Equal(Blanks.Trim(tokenizer.Decode(ids)), whole);
        Assert.EndsWith("\ufffd", whole);
        Assert.Equal(whole, shown);
    }

    [Fact]
    public void The_loop_guard_ends_an_answer_that_runs_in_circles_and_changes_no_token()
    {
        // Without what the layers add, a token depends on the last one alone: sooner or later the answer is a circle.
        using DoctoredCheckpoint copy = Doctored(Tiny).Tensors(tensors =>
        {
            foreach (string name in tensors.Keys.Where(name => name.StartsWith("model.layers.")
                && (name.EndsWith("self_attn.o_proj.weight") || name.EndsWith("mlp.down_proj.weight"))))
                tensors[name].Values.AsSpan().Clear();
        });
        using var circular = new TinyModel(copy.Path);
        Answer guarded = Run(circular, [1, 300], new GenerationOptions { MaxTokens = 400, GuardLoops = true });
        Answer free = Run(circular, [1, 300], new GenerationOptions { MaxTokens = 400 });
        Assert.Equal((StopReason.Loop, StopReason.MaxTokens), (guarded.Stop, free.Stop));
        Assert.InRange(guarded.Ids.Count, 8, 399);
        Assert.Equal(free.Ids.Take(guarded.Ids.Count), guarded.Ids);
    }

    [Fact]
    public void A_repetition_penalty_leaves_visual_places_alone()
    {
        using TinyModel tiny = TinyModel.Original();
        using var generator = new Generator(tiny.Model, TextTokenizer.Load(Folder(tiny)));
        var options = new GenerationOptions { MaxTokens = 12, Sampling = new SamplingOptions { RepetitionPenalty = 1.5f } };
        Answer answer = generator.Run(tiny.Prompt([1, -200, 300, 301], tiny.See("image_a")), options, null);
        Assert.Equal(12, answer.Ids.Count);
        Assert.Equal(19, answer.PromptPositions);
    }

    [Fact]
    public void A_cancelled_answer_ends_where_it_is()
    {
        using TinyModel tiny = TinyModel.Original();
        using var stop = new CancellationTokenSource();
        int pieces = 0;
        Answer answer = Run(tiny, tiny.Text(10), new GenerationOptions(), _ =>
        {
            if (++pieces == 3) stop.Cancel();
        }, stop.Token);
        Assert.Equal(StopReason.Cancelled, answer.Stop);
        Assert.Equal(Run(tiny, tiny.Text(10), new GenerationOptions { MaxTokens = answer.Ids.Count }).Ids, answer.Ids);
        Answer never = Run(tiny, tiny.Text(10), new GenerationOptions(), cancel: new CancellationToken(canceled: true));
        Assert.Equal((StopReason.Cancelled, 0, 0, ""), (never.Stop, never.Ids.Count, never.PrefilledPositions, never.Text));
    }

    [Fact]
    public void The_generator_works_on_after_any_end()
    {
        using TinyModel tiny = TinyModel.Original();
        using var generator = new Generator(tiny.Model, TextTokenizer.Load(Folder(tiny)));
        int[] ids = tiny.Text(20);
        var five = new GenerationOptions { MaxTokens = 5 };
        IReadOnlyList<int> expected = Run(tiny, ids, five).Ids;
        Assert.Equal(expected, generator.Run(tiny.Prompt(ids), five, null).Ids);
        generator.Run(tiny.Prompt(ids), five, null, cancel: new CancellationToken(canceled: true));
        Assert.Throws<InvalidOperationException>(() => generator.Run(tiny.Prompt(ids), five, null, _
            => throw new InvalidOperationException()));
        Assert.Throws<BadInputException>(() => generator.Run(tiny.Prompt(tiny.Text(5000)), five, null));
        Assert.Throws<BadInputException>(() => generator.Run(tiny.Prompt(ids), new GenerationOptions { MaxTokens = 0 }, null));
        Assert.Throws<BadInputException>(() => generator.Run(tiny.Prompt(ids), new GenerationOptions { StopStrings = [""] }, null));
        Answer again = generator.Run(tiny.Prompt(ids), five, null);
        Assert.Equal(expected, again.Ids);
        Assert.Equal(1, again.PrefilledPositions); // the prompt is in the cache; its last position gives the logits
    }
}
