using System.Text.Json;
using EdgeVideoLlava.Runtime.Text.Prompts;
using EdgeVideoLlava.Runtime.Text.Vocabularies;
using EdgeVideoLlava.Tests.Unit.Runtime.Text;
using EdgeVideoLlava.Tests.Unit.Support;
using EdgeVideoLlava.Trainer.Data;

namespace EdgeVideoLlava.Tests.Unit.Trainer;

/// <summary>Ids and labels of training dialogues: the reference's, or where those lose answers those of known spans.</summary>
public sealed class DialogueEncoderTests(ITestOutputHelper output)
{
    /// <summary>Templates that dialogues are not trained with here, and tags that were never added to the vocabulary.</summary>
    private static bool IsForeign(JsonElement test)
        => test.Text("template") is "plain" or "v1_mmtag" || test.GetProperty("mm_use_im_start_end").GetBoolean();

    /// <summary>Two clips, which the reference refuses in some places of the text only.</summary>
    private static bool IsRefused(JsonElement test)
    {
        if (test.Text("name") is not ("videos_2" or "videos_2_not_at_start")) return false;
        var refusal = Assert.Throws<BadInputException>(() => DialogueFile.Parse(test.GetProperty("sample"), "a.json, sample 3", "", ""));
        Assert.Equal("a.json, sample 3: 2 videos; a sample has at most one", refusal.Message);
        return true;
    }

    [Theory, InlineData(TokenizerMode.NonLegacy431, "expected"), InlineData(TokenizerMode.Legacy431, "expected_legacy")]
    public void Every_dialogue_has_the_ids_and_labels_of_the_reference(TokenizerMode mode, string field)
    {
        (int equal, List<string> deviations) = (0, []);
        foreach (JsonElement test in Json.Load(Golden.Path("text/labels.json")).GetProperty("cases").EnumerateArray())
        {
            JsonElement expected = test.Or(field, "expected");
            if (IsForeign(test) || expected.TryGetProperty("error", out _) || IsRefused(test)) continue;
            DialogueRecord record = DialogueFile.Parse(test.GetProperty("sample"), test.Text("name"), "", "");
            if (!test.GetProperty("is_multimodal").GetBoolean()) continue;
            var encoder = new DialogueEncoder(LlamaVocabulary.Tokenizer(mode), PromptTemplate.Get(test.Text("template")));
            (int[] ids, int[] labels) = encoder.Encode(Turns(test, record), record.Sees);
            int limit = record.Sees ? int.MaxValue : test.GetProperty("model_max_length").GetInt32(); // the collator cuts the others
            (ids, labels) = ([.. ids.Take(limit)], [.. labels.Take(limit)]);
            JsonElement check = test.GetProperty("span_check");
            bool sameIds = check.GetProperty("ids_equal").GetBoolean(), sameLabels = check.GetProperty("labels_equal").GetBoolean();
            if (!sameIds || !sameLabels) deviations.Add(test.Text("name"));
            if (mode == TokenizerMode.Legacy431 && (!sameIds || !sameLabels)) continue; // the builder's are of the other mode
            int[] wantIds = (sameIds ? expected.GetProperty("input_ids") : check.GetProperty("ids")).Ids();
            int[] wantLabels = (sameLabels ? expected.GetProperty("labels") : check.GetProperty("labels")).Ids();
            Assert.True(wantIds.SequenceEqual(ids), $"{test.Text("name")}: ids {string.Join(' ', ids)}");
            Assert.True(wantLabels.SequenceEqual(labels), $"{test.Text("name")}: labels {string.Join(' ', labels)}");
            equal++;
        }
        output.WriteLine($"{equal} equal; other than the reference, as intended: {string.Join(", ", deviations)}");
        Assert.Equal(18, deviations.Count);
        Assert.True(equal >= 60, $"{equal} dialogues");
    }

    /// <summary>The reference's own expansion of tags; ours where it gives the same.</summary>
    private static IReadOnlyList<ChatMessage> Turns(JsonElement test, DialogueRecord record)
    {
        JsonElement expected = test.GetProperty("expected");
        if (!expected.TryGetProperty("after_multimodal", out JsonElement texts)) return record.Turns;
        string[] after = texts.Texts();
        int skipped = after.Length - record.Turns.Count; // an answer in front of the first question
        return [.. record.Turns.Select((turn, i) => turn with { Text = after[skipped + i] })];
    }

    [Fact]
    public void Tags_are_expanded_and_words_counted_as_in_the_reference()
    {
        int expanded = 0;
        foreach (JsonElement test in Json.Load(Golden.Path("text/labels.json")).GetProperty("cases").EnumerateArray())
        {
            JsonElement expected = test.GetProperty("expected");
            if (IsForeign(test) || expected.TryGetProperty("error", out _) || IsRefused(test)) continue;
            if (!test.GetProperty("is_multimodal").GetBoolean()) continue;
            DialogueRecord record = DialogueFile.Parse(test.GetProperty("sample"), test.Text("name"), "", "");
            if (test.TryGetProperty("modality_length", out JsonElement length) && record.Turns.Count == Values(test))
                Assert.Equal(length.GetInt32(), record.ModalityLength);
            if (!expected.TryGetProperty("after_multimodal", out JsonElement texts)) continue;
            string[] after = texts.Texts();
            try
            {
                Assert.Equal(after[^record.Turns.Count..],
                    record.Expanded(test.GetProperty("num_frames").GetInt32()).Select(turn => turn.Text));
                expanded++;
            }
            catch (BadInputException e)
            {
                output.WriteLine(e.Message); // tags and visuals that do not match: the reference fails later, or trains on nonsense
            }
        }
        Assert.True(expanded >= 45, $"{expanded} samples");
    }

    private static int Values(JsonElement test) => test.GetProperty("sample").GetProperty("conversations").GetArrayLength();
}
