using EdgeVideoLlava.Kernels.Devices;
using EdgeVideoLlava.Runtime.Language;
using EdgeVideoLlava.Runtime.Projector;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Runtime.Language;

/// <summary>Positions count visual rows, the cache holds what was computed, and however a prompt is cut, its logits are the same.</summary>
public sealed class PositionsAndCacheTests : IDisposable
{
    private readonly TinyModel tiny = TinyModel.Original();

    public void Dispose() => tiny.Dispose();

    [Fact]
    public void One_marker_takes_as_many_positions_as_its_visual_has_rows()
    {
        using VisionTokens picture = tiny.See("image_a"), clip = tiny.See("video_a");
        Assert.Equal((1, 16, 16), (picture.Blocks, picture.RowsPerBlock, picture.Rows.Rows)); // without the class embedding
        Assert.Equal((8, 17, 136), (clip.Blocks, clip.RowsPerBlock, clip.Rows.Rows)); // with it
        MergedPrompt prompt = tiny.Prompt([1, -200, 300, .. Enumerable.Repeat(-200, 8), 301], picture, clip);
        Assert.Equal(1 + 16 + 1 + 136 + 1, prompt.Length);
        using LlamaState state = tiny.Model.CreateState();
        tiny.Last(prompt, state);
        Assert.Equal(155, state.Length);
        tiny.Step([state], [302]);
        Assert.Equal(156, state.Length);
    }

    [Theory, InlineData(1), InlineData(7), InlineData(60), InlineData(82), InlineData(100), InlineData(164)]
    public void A_prompt_in_pieces_gives_the_logits_of_the_whole(int piece)
    {
        using VisionTokens clip = tiny.See("video_a");
        int[] ids = TinyModel.Ids("video_one_turn");
        MergedPrompt whole = tiny.Prompt(ids, clip);
        float[] expected = tiny.Fresh(whole);
        using LlamaState state = tiny.Model.CreateState();
        for (int end = piece; end < whole.Length; end += piece)
        {
            // Cuts lie inside the clip's rows too.
            MergedPrompt part = tiny.Prompt(ids, clip);
            part.Truncate(end);
            tiny.Last(part, state);
        }
        TinyModel.AssertClose(expected, tiny.Last(whole, state));
        Assert.Equal(whole.Length, state.Length);
    }

    [Fact]
    public void A_prompt_longer_than_a_piece_of_the_prefill_gives_the_logits_of_one_shot()
    {
        MergedPrompt prompt = tiny.Prompt(tiny.Text(1100));
        using LlamaState whole = tiny.Model.CreateState();
        Matrix all = tiny.Device.AllocateMatrix(prompt.Length, tiny.Vocabulary); // all logits wanted: one piece
        using DeviceBuffer memory = all.Buffer;
        tiny.Model.Prefill(prompt, whole, all);
        TinyModel.AssertClose(tiny.Model.LanguageQueue.Read(all.RowRange(prompt.Length - 1, 1)), tiny.Fresh(prompt));
    }

    [Fact]
    public void A_cancelled_prefill_stops_between_its_pieces_and_can_be_continued()
    {
        MergedPrompt prompt = tiny.Prompt(tiny.Text(700));
        using LlamaState state = tiny.Model.CreateState();
        Matrix logits = tiny.Device.AllocateMatrix(1, tiny.Vocabulary);
        using DeviceBuffer memory = logits.Buffer;
        Assert.ThrowsAny<OperationCanceledException>(() => tiny.Model.Prefill(prompt, state, logits,
            cancel: new CancellationToken(canceled: true)));
        Assert.Equal(0, state.Length);
        TinyModel.AssertClose(tiny.Fresh(prompt), tiny.Last(prompt, state));
    }

    [Fact]
    public void Decoding_with_the_cache_equals_computing_everything_anew_also_where_the_cache_grows()
    {
        // The cache has 256 rows at first, then 512, then 1024: the steps cross both borders.
        foreach (int start in new[] { 253, 509 })
        {
            MergedPrompt prompt = tiny.Prompt(tiny.Text(start));
            using LlamaState state = tiny.Model.CreateState();
            float[] logits = tiny.Last(prompt, state);
            for (int step = 0; step < 6; step++)
            {
                int id = TinyModel.Best(logits);
                prompt.Append(id);
                logits = tiny.Step([state], [id])[0];
                TinyModel.AssertClose(tiny.Fresh(prompt), logits);
            }
            Assert.Equal(start + 6, state.Length);
        }
    }

    [Fact]
    public void Two_questions_continue_one_clip_and_truncation_forgets_the_first_without_a_trace()
    {
        using VisionTokens clip = tiny.See("video_a");
        int[] shared = [1, .. Enumerable.Repeat(-200, 8), 13], first = [.. shared, 300, 301, 302], second = [.. shared, 400, 401];
        MergedPrompt one = tiny.Prompt(first, clip), two = tiny.Prompt(second, clip);
        Assert.Equal(138, one.CommonPrefix(two));
        using LlamaState state = tiny.Model.CreateState();
        float[] asked = tiny.Last(one, state);
        state.Truncate(138);
        TinyModel.AssertClose(tiny.Fresh(two), tiny.Last(two, state));
        Assert.Equal(140, state.Length);
        state.Truncate(138);
        TinyModel.AssertClose(asked, tiny.Last(one, state));
        Assert.True(TinyModel.Distance(asked, tiny.Fresh(two)) > 0.1);
    }

    [Fact]
    public void A_prefix_is_common_only_with_the_same_visual()
    {
        using VisionTokens a = tiny.See("image_a"), again = tiny.See("image_a");
        MergedPrompt prompt = tiny.Prompt([1, 300, -200, 301], a);
        Assert.Equal(prompt.Length, prompt.CommonPrefix(tiny.Prompt([1, 300, -200, 301], a)));
        Assert.Equal(2, prompt.CommonPrefix(tiny.Prompt([1, 300, -200, 301], again)));
        Assert.Equal(1, prompt.CommonPrefix(tiny.Prompt([1, 302, -200, 301], a)));
        Assert.Equal(2 + 16, prompt.CommonPrefix(tiny.Prompt([1, 300, -200, 302], a)));
    }

    [Fact]
    public void A_prompt_may_fill_the_context_and_one_position_more_is_refused_without_a_change()
    {
        using DoctoredCheckpoint copy = new DoctoredCheckpoint(Golden.Path("original-tiny/checkpoint"))
            .Config(config => config["max_position_embeddings"] = 40);
        using var small = new TinyModel(copy.Path);
        using LlamaState state = small.Model.CreateState();
        MergedPrompt full = small.Prompt(small.Text(40));
        TinyModel.AssertClose(tiny.Fresh(tiny.Prompt(tiny.Text(40))), small.Last(full, state));
        Assert.Equal((40, 40), (state.Length, state.Context));
        Assert.Contains("41 positions, the model has 40: 1 too many",
            Assert.Throws<BadInputException>(() => small.Step([state], [300])).Message);
        Assert.Equal(40, state.Length);
        using LlamaState other = small.Model.CreateState();
        Assert.Contains("1 too many", Assert.Throws<BadInputException>(() => small.Last(small.Prompt(small.Text(41)), other)).Message);
        Assert.Equal(0, other.Length);
        // A full one beside a fresh one: neither moves.
        small.Last(small.Prompt(small.Text(5)), other);
        Assert.Throws<BadInputException>(() => small.Step([other, state], [300, 300]));
        Assert.Equal((5, 40), (other.Length, state.Length));
    }

    [Fact]
    public void Logits_are_given_for_new_positions_only()
    {
        MergedPrompt prompt = tiny.Prompt(tiny.Text(5));
        using LlamaState state = tiny.Model.CreateState();
        tiny.Last(prompt, state);
        Assert.Throws<ArgumentOutOfRangeException>(() => tiny.Last(prompt, state));
    }

    [Fact]
    public void Visual_rows_are_causal_like_words()
    {
        // What comes after a picture does not change what was computed for its rows.
        using VisionTokens picture = tiny.See("image_a");
        float[] After(int id)
        {
            MergedPrompt prompt = tiny.Prompt([1, -200, id], picture);
            using LlamaState state = tiny.Model.CreateState();
            Matrix all = tiny.Device.AllocateMatrix(prompt.Length, tiny.Vocabulary);
            using DeviceBuffer memory = all.Buffer;
            tiny.Model.Prefill(prompt, state, all);
            return tiny.Model.LanguageQueue.Read(all.RowRange(0, 17));
        }
        TinyModel.AssertClose(After(300), After(400), 1e-5);
    }
}
