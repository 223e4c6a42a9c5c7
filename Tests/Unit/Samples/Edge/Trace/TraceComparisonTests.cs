using EdgeVideoLlava.Edge.Trace;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge.Trace;

/// <summary>What `edge trace --compare` calls a difference, and which it calls the first.</summary>
public sealed class TraceComparisonTests
{
    private static TraceTensor Floats(long[] shape, params float[] values) => new(shape, values, null);

    private static TraceTensor Ids(long[] shape, params long[] values) => new(shape, null, values);

    private static TraceFile File(params (string Name, TraceTensor Tensor)[] tensors)
    {
        var file = new TraceFile();
        foreach ((string name, TraceTensor tensor) in tensors) file.Add(name, tensor);
        return file;
    }

    private static StageResult Only(TraceFile expected, TraceFile got)
        => TraceComparison.Compare(expected, got, TraceTolerance.Original).Stages.Single(stage => stage.Name != "logit_positions");

    public static TheoryData<string> Goldens
        => ["original-tiny/cases/video_two_turns", "original-tiny/cases/image_one_turn", "hf-tiny/cases/video8", "hf-tiny/cases/image",
        "hf-tiny/cases/batch2_image_video"];

    [Theory, MemberData(nameof(Goldens))]
    public void A_reference_file_does_not_differ_from_itself(string name)
    {
        TraceFile file = TraceFile.Read(Golden.Path($"{name}.safetensors"));
        TraceComparison comparison = TraceComparison.Compare(file, TraceFile.Read(Golden.Path($"{name}.safetensors")));
        Assert.True(comparison.Equal, $"{comparison.FirstDifference} {string.Join(", ", comparison.MissingInGot)}");
        Assert.Contains(comparison.Stages, stage => stage.Name == "logits");
    }

    [Fact]
    public void The_first_difference_is_the_first_of_the_forward_pass_whatever_the_order_in_the_files()
    {
        string[] forward = ["pixel_values", "input_ids", "image_tower.hidden_states.2", "image_tower.hidden_states.10", "image_features",
            "image_projected", "video_tower.hidden_states.0",
            "video_features", "video_projected", "inputs_embeds", "llm.layer_output.9", "llm.layer_output.10", "llm.final_norm", "logits",
            "greedy_ids"];
        TraceFile Filled(float value) => File([.. forward.Order(StringComparer.Ordinal).Reverse().Select(name
            => (name, name.EndsWith("_ids") ? Ids([1], (long)value) : Floats([1], value)))]);
        TraceComparison comparison = TraceComparison.Compare(Filled(1), Filled(2));
        Assert.Equal(forward, comparison.Stages.Select(stage => stage.Name));
        Assert.Equal("pixel_values", comparison.FirstDifference!.Name);
    }

    [Theory]
    [InlineData(1f, 1.00009f, false)]
    [InlineData(1f, 1.00011f, true)]
    [InlineData(1f, float.NaN, true)]
    [InlineData(float.NaN, float.NaN, true)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity, true)]
    [InlineData(1f, float.NegativeInfinity, true)]
    public void A_number_differs_beyond_the_tolerance_or_if_it_is_none(float expected, float got, bool differs)
    {
        StageResult stage = Only(File(("inputs_embeds", Floats([2, 2], 0, 0, 0, expected))),
            File(("inputs_embeds", Floats([2, 2], 0, 0, 0, got))));
        Assert.Equal(differs, stage.Differs);
        if (differs) Assert.Contains("in row 1, column 1", stage.Detail);
    }

    [Fact]
    public void The_worst_number_is_named_though_a_NaN_comes_first()
    {
        StageResult stage = Only(File(("logits", Floats([1, 3], 0, 0, 0))), File(("logits", Floats([1, 3], float.NaN, 5, float.NaN))));
        Assert.Equal("3 of 3 numbers differ, largest error NaN in row 0, column 0", stage.Detail);
    }

    [Fact]
    public void Logits_have_a_tolerance_of_their_own_and_a_relative_one_is_added()
    {
        Assert.False(Only(File(("logits", Floats([1], 1))), File(("logits", Floats([1], 1.0004f)))).Differs);
        Assert.True(Only(File(("logits", Floats([1], 1))), File(("logits", Floats([1], 1.0006f)))).Differs);
        TraceFile thousand = File(("logits", Floats([1], 1000))), more = File(("logits", Floats([1], 1000.9f)));
        Assert.True(TraceComparison.Compare(thousand, more, new TraceTolerance(0, 0, 1e-3)).Equal);
        Assert.False(TraceComparison.Compare(thousand, more, new TraceTolerance(0, 0, 1e-4)).Equal);
    }

    [Fact]
    public void The_kind_of_checkpoint_sets_the_default_tolerance()
    {
        Assert.Equal(TraceTolerance.Original, TraceTolerance.For(File(("image_features", Floats([1], 0))),
            File(("pixel_values", Floats([1], 0)))));
        Assert.Equal(TraceTolerance.Hf, TraceTolerance.For(File(("logits", Floats([1], 0))),
            File(("pixel_values_images", Floats([1], 0)))));
        Assert.Equal(TraceTolerance.Hf, TraceTolerance.For(File(("llm_hidden_states", Floats([1], 0))), File(("logits", Floats([1], 0)))));
        Assert.Equal((1e-4, 5e-4, 2e-4, 1e-3), (TraceTolerance.Original.States, TraceTolerance.Original.Logits, TraceTolerance.Hf.States,
            TraceTolerance.Hf.Logits));
    }

    [Fact]
    public void Logit_positions_select_rows_and_must_lie_within()
    {
        TraceFile got = File(("logits", Floats([3, 2], 0, 1, 10, 11, 20, 21)));
        TraceFile Wanted(params long[] positions)
            => File(("logit_positions", Ids([2], positions)), ("logits", Floats([2, 2], 20, 21, 0, 1)));
        Assert.False(Only(Wanted(2, 0), got).Differs);
        Assert.True(Only(Wanted(1, 0), got).Differs);
        Assert.Contains("logit_positions point beyond", Only(Wanted(3, 0), got).Detail);
        Assert.Contains("logit_positions point beyond", Only(Wanted(-1, 0), got).Detail);
    }

    [Fact]
    public void Two_selections_of_logits_meet_by_position()
    {
        TraceFile expected = File(("logit_positions", Ids([1], 9)), ("logits", Floats([1, 2], 90, 91)));
        TraceFile got = File(("logits", Floats([2, 2], 70, 71, 90, 91)));
        got.Add("logit_positions", Ids([2], 7, 9));
        Assert.False(TraceComparison.Compare(expected, got).Stages.Single(stage => stage.Name == "logits").Differs);
    }

    [Fact]
    public void Masked_positions_are_left_out_of_the_language_models_stages_and_of_the_ids_only()
    {
        TraceTensor mask = Ids([1, 2], 0, 1);
        StageResult Compared(string name, TraceTensor wanted, TraceTensor got)
            => TraceComparison.Compare(File((name, wanted), ("attention_mask", mask)), File((name, got)),
                TraceTolerance.Hf).Stages.Single();
        Assert.False(Compared("llm.layer_output.0", Floats([1, 2, 1], 5, 1), Floats([2, 1], 0, 1)).Differs);
        Assert.True(Compared("llm.layer_output.0", Floats([1, 2, 1], 5, 1), Floats([2, 1], 5, 2)).Differs);
        Assert.False(Compared("input_ids", Ids([1, 2], 514, 1), Ids([1, 2], 0, 1)).Differs);
        Assert.True(Compared("input_ids", Ids([1, 2], 514, 1), Ids([1, 2], 514, 2)).Differs);
        Assert.True(Compared("image_projected", Floats([1, 2, 1], 5, 1), Floats([1, 2, 1], 0, 1)).Differs);
    }

    [Fact]
    public void Shapes_that_differ_are_said()
    {
        Assert.Equal("shapes differ: expected [2, 2], got [2, 3]",
            Only(File(("inputs_embeds", Floats([2, 2], 1, 2, 3, 4))), File(("inputs_embeds", Floats([2, 3], 1, 2, 3, 4, 5, 6)))).Detail);
        Assert.Equal("shapes differ: expected [2, 2], got [1, 2]",
            Only(File(("inputs_embeds", Floats([2, 2], 1, 2, 3, 4))), File(("inputs_embeds", Floats([1, 2], 1, 2)))).Detail);
        Assert.Contains("ids, the other numbers", Only(File(("input_ids", Ids([1], 1))), File(("input_ids", Floats([1], 1)))).Detail);
        Assert.True(Only(File(("inputs_embeds", Floats([2, 2], 1, 2, 3, 4))), File(("inputs_embeds", Floats([2, 0])))).Differs);
        // A batch of one row and that row alone are the same numbers.
        Assert.False(Only(File(("inputs_embeds", Floats([1, 2, 2], 1, 2, 3, 4))),
            File(("inputs_embeds", Floats([2, 2], 1, 2, 3, 4)))).Differs);
    }

    [Fact]
    public void Greedy_ids_are_compared_as_far_as_both_go_and_may_be_absent_in_GOT()
    {
        TraceFile expected = File(("greedy_ids", Ids([4], 5, 6, 7, 8)), ("logits", Floats([1], 0)));
        Assert.True(TraceComparison.Compare(expected, File(("greedy_ids", Ids([2], 5, 6)), ("logits", Floats([1], 0)))).Equal);
        Assert.True(TraceComparison.Compare(expected, File(("logits", Floats([1], 0)))).Equal);
        TraceComparison wrong = TraceComparison.Compare(expected, File(("greedy_ids", Ids([2], 5, 9)), ("logits", Floats([1], 0))));
        Assert.Equal("id 1 is 9, expected 6", wrong.FirstDifference!.Detail);
        Assert.Contains("shapes differ", Only(File(("input_ids", Ids([2], 1, 2))), File(("input_ids", Ids([1], 1)))).Detail);
    }

    [Fact]
    public void A_stage_that_a_trace_can_write_but_lacks_is_a_difference_others_are_not()
    {
        TraceComparison comparison = TraceComparison.Compare(
            File(("logits", Floats([1], 0)), ("llm.final_norm", Floats([1], 0)), ("image_tower.pooler_output", Floats([1], 0))),
            File(("logits", Floats([1], 0)), ("inputs_embeds", Floats([1], 0))));
        Assert.False(comparison.Equal);
        Assert.Equal(["llm.final_norm"], comparison.MissingInGot);
        Assert.Equal(["inputs_embeds"], comparison.MissingInExpected);
    }

    [Fact]
    public void Files_that_cannot_be_compared_are_bad_input()
    {
        Assert.Throws<BadInputException>(() => TraceComparison.Compare(File(("logits", Floats([1], 0))),
            File(("inputs_embeds", Floats([1], 0)))));
        Assert.Throws<BadInputException>(() => TraceComparison.Compare(File(("llm_hidden_states", Ids([1], 0))),
            File(("logits", Floats([1], 0)))));
        Assert.Throws<BadInputException>(() => TraceComparison.Compare(File(("image_tower_hidden_states", Floats([0, 1, 1]))),
            File(("logits", Floats([1], 0)))));
        Assert.Throws<BadInputException>(() => TraceComparison.Compare(
            File(("video_tower_frame0_hidden_states", Floats([1, 1, 1], 0))), File(("video_tower.hidden_states.0", Floats([1], 0)))));
    }
}
