namespace EdgeVideoLlava.Runtime.Live;

/// <summary>A question that is ready to use, with how its answers are meant.</summary>
/// <param name="Name">As it is chosen.</param>
/// <param name="Question">Asked about every window.</param>
public sealed record NarrationPreset(string Name, string Question)
{
    /// <summary>The one whose answers are JSON; whoever takes it checks them (<see cref="NarrationOptions.Check"/>).</summary>
    public const string Json = "json";

    /// <summary>Those that there are.</summary>
    public static IReadOnlyList<NarrationPreset> All { get; } =
    [
        new("describe", Assistant.Question),
        new("changes", "Describe only what changed. If nothing did, say: Nothing new.")
        {
            Options = options => options with { WithContext = true, Silence = "Nothing new", RepeatsFrom = 0.8 },
            MaxTokens = 40,
        },
        new("count", "How many objects are there?") { MaxTokens = 24 },
        new("safety", "Is there any danger to people, such as fire, smoke, a fall or an accident? Answer no, or name it in a few words.")
        {
            Options = options => options with { Silence = "No" },
            MaxTokens = 40,
        },
        new(Json, "Describe the video as JSON and nothing else, in this form: "
            + "{\"summary\": \"one sentence\", \"objects\": [\"each\", \"thing\"]}")
        {
            MaxTokens = 96,
        },
    ];

    /// <summary>Longest answer in tokens that the question needs; null: any.</summary>
    public int? MaxTokens { get; init; }

    private Func<NarrationOptions, NarrationOptions> Options { get; init; } = options => options;

    /// <summary>The options with this question in them.</summary>
    public NarrationOptions Apply(NarrationOptions options) => Options(options) with { Question = Question };
}
