using EdgeVideoLlava.Edge.Live;
using EdgeVideoLlava.Tests.Unit.Support;

namespace EdgeVideoLlava.Tests.Unit.Samples.Edge;

/// <summary>Answers in JSON, and what is said of those that are not as they should be.</summary>
public sealed class AnswerSchemaTests
{
    [Theory]
    [InlineData("""{"summary": "A star.", "objects": ["star"]}""", null)]
    [InlineData("""  {"summary": "A star.", "objects": [], "more": 1}  """, null)]
    [InlineData("```json\n{\"summary\": \"A star.\", \"objects\": []}\n```", null)]
    [InlineData("A white star appears.", "is no JSON")]
    [InlineData("", "is no JSON")]
    [InlineData("""{"summary": "A star.", "objects": ["star"]""", "is no JSON")]
    [InlineData("""{"summary": "A star."}""", "objects")]
    [InlineData("""{"summary": 3, "objects": []}""", "/summary")]
    [InlineData("""{"summary": "A star.", "objects": [1]}""", "/objects/0")]
    [InlineData("[1]", "the whole")]
    public void An_answer_fits_or_is_told_why_not(string answer, string? wrong)
    {
        string? said = AnswerSchema.OfPreset().Check(answer);
        if (wrong == null) Assert.Null(said);
        else Assert.Contains(wrong, said);
    }

    [Theory]
    [InlineData("{ not json", "no JSON schema")]
    [InlineData("""{"type": 12}""", "no JSON schema")]
    public void A_file_that_is_no_schema_is_refused(string text, string why)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "schema.json");
        File.WriteAllText(path, text);
        Assert.Contains(why, Assert.Throws<BadInputException>(() => AnswerSchema.Load(path)).Message);
    }

    [Fact]
    public void A_schema_of_ones_own()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "schema.json");
        File.WriteAllText(path, """{"type": "object", "properties": {"people": {"type": "integer", "minimum": 0}}, "required": ["people"]}""");
        AnswerSchema schema = AnswerSchema.Load(path);
        Assert.Null(schema.Check("""{"people": 2}"""));
        Assert.Contains("/people", schema.Check("""{"people": -1}"""));
    }
}
