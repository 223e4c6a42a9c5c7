using System.CommandLine;
using EdgeVideoLlava.Runtime.Generation;

namespace EdgeVideoLlava.Edge.Options;

/// <summary>How tokens are chosen and when an answer ends: shared by the commands that generate.</summary>
internal sealed class GenerationOptionSet(int maxTokens)
{
    private readonly Option<int> tokens = NumberOption.Whole("--max-tokens", maxTokens, 1, 100_000, "Longest answer in tokens.");
    private readonly Option<float> temperature = NumberOption.Real("--temperature", 0, 0, 100,
        "0 always takes the likeliest token; above, tokens are drawn.");
    private readonly Option<int> topK = NumberOption.Whole("--top-k", 0, 0, 1_000_000,
        "Draw among the N likeliest tokens only; 0 for all.");
    private readonly Option<float> topP = NumberOption.Real("--top-p", 1, 0, 1,
        "Draw among the likeliest tokens that together reach this probability.");
    private readonly Option<float> minP = NumberOption.Real("--min-p", 0, 0, 1,
        "Drop tokens less likely than this share of the likeliest.");
    private readonly Option<float> penalty = NumberOption.Real("--repetition-penalty", 1, 0.01f, 100,
        "Above 1 makes tokens that were already used less likely.");
    private readonly Option<int> seed = NumberOption.Whole("--seed", 0, 0, int.MaxValue, "Draws the same tokens again.");
    private readonly Option<string[]> stop = new("--stop")
    {
        HelpName = "TEXT",
        Description = "A text that ends the answer; may be given several times."
    };

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { tokens, temperature, topK, topP, minP, penalty, seed, stop }) command.Options.Add(option);
    }

    /// <param name="most">Longest answer unless the command line names one.</param>
    public GenerationOptions Read(ParseResult parsed, int? most = null) => new()
    {
        MaxTokens = most is { } limit && parsed.GetResult(tokens) is null or { Implicit: true } ? limit : parsed.GetValue(tokens),
        StopStrings = parsed.GetValue(stop) ?? [],
        Sampling = new SamplingOptions
        {
            Temperature = parsed.GetValue(temperature),
            TopK = parsed.GetValue(topK),
            TopP = parsed.GetValue(topP),
            MinP = parsed.GetValue(minP),
            RepetitionPenalty = parsed.GetValue(penalty),
            Seed = (ulong)parsed.GetValue(seed),
        },
    };
}
